"""What the book adds to Jupyter Book: descriptions of figures, and the button to the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def describe_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Give each picture of a notebook its description, the text that stands in for it."""
    for bundle in doctree.findall(nodes.container):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        kinds = {part.get("mime_type"): part for part in bundle.children if hasattr(part, "get")}
        text = kinds.get("text/plain")
        if text is not None and "image/png" in kinds:
            for image in kinds["image/png"].findall(nodes.image):
                image["alt"] = " ".join(text.astext().split())


def offer_browser(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put a button on the notebooks that run in JupyterLite."""
    name = f"{Path(page).name}.ipynb"
    if doctree is None or not Path(app.srcdir, "extra", "lite", "files", name).exists():
        return
    context["header_buttons"].append(
        {
            "type": "link",
            "url": f"{context['pathto']('', 1)}lite/lab/index.html?path={name}",
            "text": "",
            "tooltip": "Run this notebook in the browser",
            "icon": "fas fa-rocket",
            "label": "run-in-browser",
        }
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Add both to the build; the button after the theme has made its own."""
    app.connect("doctree-read", describe_pictures)
    app.connect("html-page-context", offer_browser, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
