"""Build the book: the notebooks with their stored outputs, the pages of docs/ and the reference.

Run by ``make book``. The pages are gathered in one folder, where Jupyter Book takes them;
JupyterLite, which ``make lite`` builds, becomes the folder ``lite`` of the site.
"""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
SITE = ROOT / "build" / "book"
LITE = ROOT / "build" / "lite"
WORK = ROOT / "build" / "book-work"

REFERENCE = (
    "theory",
    "theory.laws",
    "theory.derive",
    "theory.noise",
    "phys",
    "phys.data",
    "phys.algorithms",
    "phys.guidance",
    "phys.checks",
    "phys.strategies",
    "phys.sweep",
    "phys.fitting",
    "phys.aihwkit",
    "phys.teaching",
)


def main() -> int:
    """Gather the pages, build the site, put it into its place."""
    source = WORK / "source"
    shutil.rmtree(WORK, ignore_errors=True)
    source.mkdir(parents=True)
    for name in ("index.md", "browser.md", "crossbar.svg", "book_pages.py", "_config.yml"):
        shutil.copy(BOOK / name, source)
    copy(BOOK / "_static", source / "_static", "*")
    copy(ROOT / "docs", source / "docs", "*.md", "*.svg")
    copy(ROOT / "tutorials", source / "tutorials", "*.ipynb")
    copy(ROOT / "tutorials" / "solutions", source / "tutorials" / "solutions", "*.py")
    shutil.copytree(LITE, source / "extra" / "lite")
    write_reference(source / "reference")
    write_contents(source)
    tool = Path(sys.executable).with_name("jupyter-book")
    options = ["--all", "--quiet", "--warningiserror", "--keep-going", "--path-output", str(WORK)]
    done = subprocess.run([tool, "build", str(source), *options], check=False)
    if done.returncode != 0:
        return done.returncode
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(WORK / "_build" / "html", SITE)
    print(f"The book: {SITE.relative_to(ROOT) / 'index.html'}")
    return 0


def copy(folder: Path, target: Path, *patterns: str) -> None:
    """Copy the files of a folder that match a pattern."""
    target.mkdir(parents=True)
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            shutil.copy(path, target)


def write_reference(folder: Path) -> None:
    """Write a page for each module, with all its public functions and classes."""
    folder.mkdir()
    for name in REFERENCE:
        module = import_module(name)
        documented = public_names(module)
        lines = [f"# {name}", "", inspect.getdoc(module).partition("\n\n")[0], ""]
        lines += ["```{eval-rst}", f".. currentmodule:: {name}", "", ".. autosummary::", ""]
        lines += [f"   {one}" for one in documented]
        lines += ["```", ""]
        for one, value in documented.items():
            kind = "class" if inspect.isclass(value) else "function"
            lines += ["```{eval-rst}", f".. currentmodule:: {name}", f".. auto{kind}:: {one}"]
            lines += ["   :members:"] if kind == "class" else []
            lines += ["```", ""]
        (folder / f"{name}.md").write_text("\n".join(lines), encoding="utf-8")


def public_names(module: ModuleType) -> dict[str, Any]:
    """Return a module's public functions and classes, in alphabetical order."""
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if name[0] != "_" and getattr(value, "__module__", "") == module.__name__
    ]
    values = {name: getattr(module, name) for name in sorted(names, key=str.lower)}
    return {n: v for n, v in values.items() if inspect.isclass(v) or inspect.isroutine(v)}


def write_contents(source: Path) -> None:
    """Write the table of contents."""
    parts = {
        "The course": sorted((source / "tutorials").glob("*.ipynb")),
        "How to": [source / "browser.md", *sorted((source / "docs").glob("*.md"))],
        "Reference": [source / "reference" / f"{name}.md" for name in REFERENCE],
    }
    contents = {
        "format": "jb-book",
        "root": "index",
        "parts": [
            {
                "caption": caption,
                "chapters": [{"file": str(page.relative_to(source))} for page in pages],
            }
            for caption, pages in parts.items()
        ],
    }
    # JSON is YAML.
    (source / "_toc.yml").write_text(json.dumps(contents, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
