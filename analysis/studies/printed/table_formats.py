"""A printed table, and its documents in HTML, LaTeX, Markdown and CSV.

A `Table` is plain text in rows and columns; one function per format turns it into a document and
escapes its text. The LaTeX needs the packages booktabs and caption.
"""

import csv
import html
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import great_tables
import pandas as pd

from analysis.figures.wording import MINUS
from hub_lineage.spreadsheets import safe_cell


@dataclass(frozen=True)
class Table:
    """A printed table: headings, groups of rows, notes.

    name: that of its files. title: its caption. stub: the heading of the first column. columns: the
    other headings. groups: (heading, rows), each row a label and a cell per column; a label that
    begins with a space belongs to the row above. notes: sentences below the table. is_numeric:
    whether cells are numbers, to be aligned on the right.
    """

    name: str
    title: str
    stub: str
    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    notes: tuple[str, ...] = ()
    is_numeric: bool = True


def plain(text: str) -> str:
    """A text in one line without control characters, which hostile names may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def as_html(table: Table) -> str:
    """An HTML fragment: a box to scroll by keyboard, a caption, headers with their scope.

    Colours are the custom properties --table-ink, --table-page, --table-line and --table-strong,
    with light defaults. Ids begin with the table's name.
    """
    name = identifier(table.name)
    made = built(table, font_size="14px").as_raw_html()
    style, end, body = made.partition("</style>")
    style += end
    for value, kind in TABLE_COLOURS.items():
        style = style.replace(value, f"var(--table-{kind},{value})")
    # The library's reset of borders would affect other tables too.
    tags = ("thead", "tbody", "tfoot", "tr", "td", "th")
    style = style.replace(
        f"#{name} thead, tbody, tfoot, tr, td, th {{",
        ", ".join(f"#{name} {tag}" for tag in tags) + " {",
    ).replace("\n tr {", f"\n#{name} tr {{")
    wrap = "nowrap" if table.is_numeric else "normal"
    style = style.replace(
        "</style>",
        f"#{name} .gt_caption {{ text-align: left; font-weight: bold; }}\n"
        f"#{name} .gt_row {{ white-space: {wrap}; vertical-align: top; }}\n</style>",
    )
    style = style.replace(
        f'<div id="{name}"',
        f'<div id="{name}" tabindex="0" role="region" aria-labelledby="{name}-caption"',
    )
    title = html.escape(plain(table.title))
    caption = f'<caption id="{name}-caption" class="gt_caption">{title}</caption>'
    body = re.sub(r"(<table [^>]*>)", lambda found: found.group(1) + caption, body, count=1)
    return style + body.strip() + "\n"


TABLE_COLOURS = {
    "#333333": "ink",
    "#FFFFFF": "page",
    "#D3D3D3": "line",
    "#A8A8A8": "strong",
    "#F4F4F4": "stripe",
}
"""The library's colours, and the custom property that each becomes."""


def as_latex(table: Table) -> str:
    """A table environment with the rules of booktabs."""
    text = built(table, font_size="10px").tab_header(plain(table.title)).as_latex()
    # LaTeX cannot read this character by default.
    return text.strip().replace(MINUS, "$-$") + "\n"


def built(table: Table, font_size: str) -> great_tables.GT:
    """The table for the library that renders HTML and LaTeX and escapes the text."""
    keys = [f"c{place}" for place in range(len(table.columns))]
    # Without any heading there is no column of groups: the library would show an empty one.
    group = "group" if any(plain(heading) for heading, _ in table.groups) else None
    rows = [
        {"group": plain(heading), "label": plain(line[0]), "is_below": line[0].startswith(" ")}
        | {key: plain(cell) for key, cell in zip(keys, line[1:], strict=True)}
        for heading, lines in table.groups
        for line in lines
    ]
    columns = [*([group] if group else []), "label", *keys]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    headings = {key: plain(text) for key, text in zip(keys, table.columns, strict=True)}
    made = (
        great_tables.GT(frame, id=identifier(table.name), rowname_col="label", groupname_col=group)
        .tab_stubhead(plain(table.stub))
        .cols_label(None, **headings)
        .cols_align("right" if table.is_numeric else "left", columns=keys)
        .tab_options(
            table_font_size=font_size,
            data_row_padding="3px",
            row_group_padding="5px",
            row_group_font_weight="bold",
            column_labels_font_weight="bold",
        )
    )
    below = [place for place, row in enumerate(rows) if row["is_below"]]
    if below:
        made = made.tab_stub_indent(rows=below, indent=2)
    for note in table.notes:
        made = made.tab_source_note(plain(note))
    return made


def identifier(name: str) -> str:
    """A name as an id for HTML and CSS."""
    return "table-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def as_markdown(table: Table) -> str:
    """A pipe table; groups are rows in bold, notes a list."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    width = len(table.columns)
    text = [
        f"**{marked(table.title)}**",
        "",
        line(marked(cell) for cell in (table.stub, *table.columns)),
    ]
    text.append(line(["---"] + ["---:" if table.is_numeric else "---"] * width))
    for heading, lines in table.groups:
        if heading:
            text.append(line([f"**{marked(heading)}**"] + [""] * width))
        text += [line(map(marked, cells)) for cells in lines]
    text += ["", *(f"- {marked(note)}" for note in table.notes)]
    return "\n".join(text).strip() + "\n"


def marked(text: str) -> str:
    """A text escaped so that Markdown shows it as it is, including HTML."""
    return escaped(plain(text))


def escaped(line: str) -> str:
    """A part of a line escaped in the same way, with its spaces kept."""
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", html.escape(line, quote=False))


def as_csv(table: Table) -> str:
    """The cells as printed but with a plain minus, safe for spreadsheets."""

    def cell(text: str) -> str:
        return safe_cell(plain(text).replace(MINUS, "-"))

    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["group", *map(cell, (table.stub, *table.columns))])
    for heading, lines in table.groups:
        writer.writerows([cell(heading), *map(cell, line)] for line in lines)
    return written.getvalue()


FORMATS: Mapping[str, Callable[[Table], str]] = {
    "html": as_html, "tex": as_latex, "md": as_markdown, "csv": as_csv,
}  # fmt: skip
