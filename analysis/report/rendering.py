"""Renders Markdown pages to a folder of HTML, with Sphinx, MyST and the furo theme, offline."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.console import nocolor
from sphinx.util.docutils import docutils_namespace, patch_docutils

from hub_lineage.errors import StudyError
from hub_lineage.progress import Progress

SETTINGS = {
    "project": "hub_lineage",
    "extensions": ["myst_parser", "analysis.report.mathml", "analysis.report.excerpts"],
    "html_theme": "furo",
    "html_title": "hub_lineage report",
    "html_math_renderer": "mathml",
    "html_static_path": [],
    "html_css_files": ["report.css", "figures.css"],
    "html_show_copyright": False,
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_use_index": False,
    # Sphinx fetches summaries of search results, which browsers forbid for pages opened from disk:
    # `excerpts` provides others.
    "html_show_search_summary": False,
    # Hyphens in names must not become dashes.
    "smartquotes": False,
    "myst_enable_extensions": ["deflist"],
    "myst_heading_anchors": 3,
    "templates_path": [],
    "language": "en",
}


def render(
    source: Path,
    site: Path,
    scratch: Path,
    shown: Progress,
    static: Sequence[Path] = (),
    line: str = "",
) -> None:
    """Render every page of `source` into `site`; a StudyError if Sphinx warns of anything.

    source: pages, and the fragments they include. scratch: for the parsed documents, which are not
    part of the site. shown: counts pages read and pages written. static: files for `_static/`.
    line: HTML for the head of every page.
    """
    nocolor()
    warnings = io.StringIO()
    settings = SETTINGS | {
        "html_static_path": [str(path) for path in static],
        "html_theme_options": {"announcement": line},
    }
    try:
        # `confdir` is None, so that no configuration file is read. What Sphinx registers with
        # docutils is undone afterwards, so that a process can render twice.
        with patch_docutils(), docutils_namespace():
            application = Sphinx(
                str(source), None, str(site), str(scratch), "html",
                confoverrides=settings, status=None, warning=warnings, freshenv=True,
            )  # fmt: skip
            application.connect(
                "source-read", lambda app, page, text: shown.advance(1, f"reading {page}")
            )
            application.connect(
                "html-page-context", lambda app, page, *rest: shown.advance(1, f"writing {page}")
            )
            application.build(force_all=True)
    except SphinxError as error:
        raise StudyError(f"the pages cannot be rendered: {error}") from error
    said = warnings.getvalue().strip()
    if said:
        raise StudyError(f"the pages cannot be rendered: {said.splitlines()[0]}")
    # It holds a hash of the settings, which include local paths; no reader needs it.
    (site / ".buildinfo").unlink(missing_ok=True)
    shutil.rmtree(site / ".doctrees", ignore_errors=True)
