"""Formulas of the pages as MathML, which browsers draw without a script."""

from __future__ import annotations

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.typing import ExtensionMetadata


def inline(translator, node) -> None:
    """A formula within a line."""
    translator.body.append(tex2mathml(node.astext(), as_block=False))
    raise SkipNode


def block(translator, node) -> None:
    """A displayed formula, in a box that can be scrolled by keyboard."""
    translator.body.append(
        '<div class="formula" tabindex="0" role="group" aria-label="formula">'
        f"{tex2mathml(node.astext(), as_block=True)}</div>\n"
    )
    raise SkipNode


def setup(app) -> ExtensionMetadata:
    """Register this module as the renderer of formulas; called by Sphinx."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline, None), block_renderers=(block, None)
    )
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
