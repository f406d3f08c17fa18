"""Every page of the book in headless Chromium: no errors, no network, figures, formulas, links.

Not collected by default; run by ``make test-book`` after ``make book``.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import json
import os
import shutil
import threading
import urllib.parse
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from phys.teaching.plan import chapter

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SITE = REPOSITORY / "build" / "book"
NOTEBOOKS = sorted((REPOSITORY / "tutorials").glob("*.ipynb"))
PAGES = sorted(
    page.relative_to(SITE).as_posix()
    for page in SITE.rglob("*.html")
    if page.relative_to(SITE).parts[0] not in ("_static", "lite")
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

LOOK = """async () => {
    if (window.MathJax && MathJax.startup) { await MathJax.startup.promise; }
    const article = document.querySelector("article") || document.body;
    const all = (where, what) => [...where.querySelectorAll(what)];
    return {
        title: document.title,
        ids: all(document, "[id]").map(e => e.id),
        links: all(document, "a[href]").map(e => e.href),
        images: all(article, "img").map(
            e => ({alt: e.alt, source: e.src, drawn: e.complete && e.naturalWidth > 0})),
        formulas: all(article, ".math").length,
        untypeset: all(article, ".math").filter(e => !e.querySelector("mjx-container")).length,
        misspelt: all(article, "mjx-merror").map(e => e.textContent),
        dollars: all(article, "p, td, li").filter(
            e => !e.querySelector("p, td, li, pre, code, .math")
        ).map(e => e.textContent).filter(text => /\\$[^ ].*\\$/.test(text)),
        wide: document.documentElement.scrollWidth - window.innerWidth,
    };
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that logs nothing."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    assert PAGES, "there is no book to look at; run `make book` first"
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium: install Debian's package chromium")
    with sync_playwright() as playwright:
        # Chromium has no sandbox of its own for root, as in a container.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield started
        started.close()


@pytest.fixture
def page(browser, address):
    """A page that writes down what goes wrong, and what it asks of other machines."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.troubles = []
    opened.on(
        "console",
        lambda message: message.type == "error" and opened.troubles.append(message.text),
    )
    opened.on("pageerror", lambda error: opened.troubles.append(str(error)))
    opened.on("requestfailed", lambda request: opened.troubles.append(f"failed: {request.url}"))
    opened.on(
        "request",
        lambda request: (
            request.url.startswith((address, "data:", "blob:"))
            or opened.troubles.append(f"needs a network: {request.url}")
        ),
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def seen(browser, address):
    """What every page shows, filled as the pages are looked at."""
    return {}


def look(page, address, name, seen):
    if name not in seen:
        page.goto(address + name, wait_until="load")
        seen[name] = page.evaluate(LOOK)
    return seen[name]


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole(page, address, name, seen):
    shown = look(page, address, name, seen)
    assert page.troubles == []
    assert shown["title"]
    assert shown["misspelt"] == []
    assert shown["dollars"] == []
    assert shown["untypeset"] == 0
    assert shown["wide"] <= 0
    for image in shown["images"]:
        assert image["drawn"], image["source"]
        assert len(image["alt"]) >= 30, image["source"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_every_figure_of_a_notebook_is_there_with_its_description(page, address, path, seen):
    shown = look(page, address, f"tutorials/{path.stem}.html", seen)
    found = {Path(image["source"]).stem: image["alt"] for image in shown["images"]}
    stored = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            if picture := output.get("data", {}).get("image/png"):
                digest = hashlib.sha256(base64.b64decode("".join(picture))).hexdigest()
                stored[digest] = output["metadata"]["image/png"]["alt"]
    assert found == stored
    assert shown["formulas"] > 0


def test_links_lead_somewhere(page, address, seen):
    dead = set()
    for name in PAGES:
        for link in look(page, address, name, seen)["links"]:
            if not link.startswith(address):
                assert link.startswith("https://"), link
                continue
            place, _, fragment = link.removeprefix(address).partition("#")
            place = urllib.parse.unquote(place.partition("?")[0]) or "index.html"
            if not (SITE / place).is_file():
                dead.add(f"{name}: {place}")
            elif fragment and place in PAGES:
                known = look(page, address, place, seen)["ids"]
                if urllib.parse.unquote(fragment) not in known:
                    dead.add(f"{name}: {place}#{fragment}")
    assert dead == set()


def test_search_finds_a_word_and_nothing_for_nonsense(page, address):
    for word, found in (("coincidence", True), ("xylophonist", False)):
        page.goto(f"{address}search.html?q={word}")
        page.wait_for_selector("#search-results p.search-summary, #search-results > p")
        page.wait_for_function(
            "() => !/Searching|Preparing/.test(document.querySelector('#search-results').innerText)"
        )
        assert (page.locator("#search-results ul.search > li").count() > 0) == found
    assert page.troubles == []


def test_what_reveals_a_result_is_folded_and_opens(page, address):
    page.goto(address + "tutorials/00_start_here.html")
    folded = page.locator("details.hide").first
    picture = folded.locator("img").first
    assert not picture.is_visible()
    folded.locator("summary").first.click()
    assert picture.is_visible()


def test_the_rocket_leads_to_a_notebook_that_is_there(page, address):
    rockets = 0
    for path in NOTEBOOKS:
        page.goto(f"{address}tutorials/{path.stem}.html")
        buttons = page.locator("a[href*='lite/lab/index.html']")
        expected = (SITE / "lite" / "files" / path.name).is_file()
        assert (buttons.count() > 0) == expected
        rockets += expected
    assert rockets >= 5


def test_jupyterlite_lists_the_notebooks_without_a_network(page, address):
    page.goto(address + "lite/lab/index.html")
    page.wait_for_selector(".jp-DirListing-itemText >> text=01_one_device.ipynb", timeout=60_000)
    # It asks whether some optional files are there; what it must not do is to ask elsewhere.
    assert [trouble for trouble in page.troubles if "needs a network" in trouble] == []


def test_jupyterlite_shows_what_is_stored_before_anything_runs(page, address):
    # The kernel starts by itself and asks Pyodide's server; the stored outputs need nobody.
    page.route(lambda url: not url.startswith((address, "data:", "blob:")), lambda r: r.abort())
    page.goto(address + "lite/lab/index.html?path=01_one_device.ipynb")
    opening = page.locator(".jp-OutputArea-output", has_text="After this notebook you can")
    opening.locator("li").first.wait_for(timeout=120_000)
    goals = opening.locator("li").all_inner_texts()
    assert tuple(goals) == chapter("01_one_device").goals
