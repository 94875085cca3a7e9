"""Writes the texts of all pages as a script, for the excerpts of the site's offline search."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

from sphinx.util.typing import ExtensionMetadata

SCRIPTS = ("page_texts.js", "search_excerpts.js")
LONGEST = 60_000
"""How many characters of a page are kept; the search's own index covers all of it."""

SILENT = ("script", "style", "svg", "nav", "desc", "title")


class Article(HTMLParser):
    """The text of a page's article, without pictures and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._is_inside = False
        self._n_silent = 0

    def handle_starttag(self, tag: str, attributes: list) -> None:
        """Note where the article begins, and elements whose text is left out."""
        self._is_inside |= tag == "article"
        self._n_silent += tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        """Note where the article or a left-out element ends."""
        self._is_inside &= tag != "article"
        self._n_silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        """Keep the text of the article."""
        if self._is_inside and not self._n_silent:
            self.pieces.append(data)


def write_texts(site: Path) -> None:
    """Write `_static/page_texts.js`: each page's name and the text of its article."""
    texts = {}
    for path in sorted(site.rglob("*.html")):
        article = Article()
        article.feed(path.read_text("utf-8"))
        text = " ".join(" ".join(article.pieces).split()).replace("\N{PILCROW SIGN}", "")
        texts[path.relative_to(site).with_suffix("").as_posix()] = text[:LONGEST]
    # Quoted text must not end the script.
    said = json.dumps(texts, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    (site / "_static" / SCRIPTS[0]).write_text(f"window.PAGE_TEXTS = {said};\n", "utf-8")


def add_scripts(app, page: str, template: str, context: dict, doctree: object) -> None:
    """Load the texts on the search page only."""
    if page == "search":
        for name in SCRIPTS:
            app.add_js_file(name)


def setup(app) -> ExtensionMetadata:
    """Register the extension; called by Sphinx."""
    app.connect("html-page-context", add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
