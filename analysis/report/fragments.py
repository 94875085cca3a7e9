"""Pieces of HTML that the pages include: figures, tables, searchable tables, the browsable tree.

Texts from the Hub are hostile: every one is escaped here, and pages include the pieces from files,
so that nothing in them is read as Markdown.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import itables
import itables.javascript
import itables.options
import pandas as pd

from analysis.figures import Drawn
from analysis.figures.theme import untitled
from analysis.figures.wording import number, rounded, with_interval
from analysis.report.links import Links
from analysis.studies.printed.table_formats import Table, as_html, plain

MOST_ROWS = 10_000
"""The most rows of a searchable table; browsers take seconds for more."""


def printed(value: object) -> str:
    """A cell as printed: dates without time, numbers with thousands separators, "" for null."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (int, float)):
        return number(value)
    return plain(str(value))


INTERVALS: Mapping[str, tuple[str, str]] = {
    "MDI": ("from", "to"), "share, %": ("from, %", "to, %"), "above 0, %": ("from, %", "to, %"),
}  # fmt: skip
"""Columns with the two columns of their interval, printed as one; files keep all three."""


@dataclass(frozen=True)
class PrintedTable:
    """A table as printed, the same for files, and which of its cells are links.

    linked: headings of columns that hold ids of models, or owners.
    """

    shown: Table
    filed: Table
    linked: tuple[str, ...] = ()


def table(
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    notes: Sequence[str] = (),
    is_numeric: bool = True,
    linked: Sequence[str] = (),
) -> PrintedTable:
    """Rows as a printed table; the first column names the row."""
    rows = [tuple(row) for row in rows]

    def made(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> Table:
        # A label with a leading space would belong to the row above.
        lines = tuple((line[0].strip() or "(none)", *line[1:]) for line in lines)
        return Table(
            name=name, title=title, stub=headings[0], columns=tuple(headings[1:]),
            groups=(("", lines),), notes=tuple(notes), is_numeric=is_numeric,
        )  # fmt: skip

    filed = made(columns, [tuple(printed(cell) for cell in row) for row in rows])
    places = {heading: place for place, heading in enumerate(columns)}
    ends = {
        heading: (places[low], places[high])
        for heading, (low, high) in INTERVALS.items()
        if {heading, low, high} <= places.keys()
    }
    hidden = {place for pair in ends.values() for place in pair}
    kept = [heading for heading in columns if places[heading] not in hidden]

    def cell(row: Sequence[object], heading: str) -> str:
        value = row[places[heading]]
        if heading in ends and isinstance(value, (int, float)):
            return with_interval(value, *(row[place] for place in ends[heading]))
        if isinstance(value, float) and heading.endswith("%"):
            return rounded(value, 1)
        return printed(value)

    headings = [f"{heading} (95 % interval)" if heading in ends else heading for heading in kept]
    shown = made(headings, [tuple(cell(row, heading) for heading in kept) for row in rows])
    return PrintedTable(shown, filed, tuple(linked))


def table_box(made: PrintedTable, links: Mapping[str, str], to: Callable[[str, str], str]) -> str:
    """A printed table with its downloads, or a note if it has no rows.

    to: the heading and the text of a linked cell -> its HTML.
    """
    if not any(lines for _, lines in made.shown.groups):
        return missing(f"{made.shown.title}: there is nothing to show in this landing.")
    return linked_cells(labelled(as_html(made.shown)), made.linked, to) + link_line(links)


def labelled(made: str) -> str:
    """A printed table with each column's heading in its cells, for narrow screens to show there.

    Wide tables are marked.
    """
    headings = dict(re.findall(r'<th [^>]*scope="col" id="([^"]*)">(.*?)</th>', made, re.S))

    def with_label(found: re.Match) -> str:
        column = found[1].split()[-1]
        text = re.sub(r"<[^>]*>", "", headings.get(column, "")).replace('"', "&quot;")
        return f'<td data-label="{text}" headers="{found[1]}"'

    made = re.sub(r'<td headers="([^"]*)"', with_label, made)
    # Ids of specifications may break between their words.
    made = re.sub(
        r'(<th [^>]*scope="col"[^>]*>)([^<]*)',
        lambda found: found[1] + re.sub(r"[._](?=\w)", r"\g<0><wbr>", found[2]),
        made,
    )
    size = "narrow" if len(headings) <= WIDE else "wide" if len(headings) <= WIDEST else "widest"
    return made.replace('<table class="gt_table"', f'<table class="gt_table {size}"', 1)


def linked_cells(made: str, linked: Sequence[str], to: Callable[[str, str], str]) -> str:
    """The cells of some columns as links; `to` gives the HTML for a cell's heading and text."""
    if not linked:
        return made
    headings = {
        name: html.unescape(text)
        for name, text in re.findall(r'<th [^>]*scope="col" id="([^"]*)">(.*?)</th>', made, re.S)
    }
    stub = next(iter(headings.values()))

    def with_link(found: re.Match) -> str:
        column = re.search(r'headers="[^"]* ([^" ]+)"', found[1])
        heading = headings.get(column[1]) if column else stub
        if heading not in linked or not found[2]:
            return found[0]
        return f"{found[1]}{to(heading, html.unescape(found[2]))}{found[3]}"

    return re.sub(r'(<th scope="row"[^>]*>|<td [^>]*>)([^<]*)(</t[hd]>)', with_link, made)


def switched(name: str, label: str, first: str, second: str) -> str:
    """A switch between two pieces of HTML, for mouse and keyboard, without a script."""
    return (
        f'<div class="switched"><input type="checkbox" id="switch-{name}">\n'
        f'<label for="switch-{name}">{html.escape(label)}</label>\n'
        f'<div class="off">\n{first}</div>\n<div class="on">\n{second}</div>\n</div>\n'
    )


def finding_list(found: Sequence[tuple[str, str, bool]]) -> str:
    """Findings as a list: of each its text, the link to its numbers, and whether it concludes."""
    items = "".join(
        f'<li class="{"finding" if is_conclusion else "finding open"}">'
        f"{html.escape(plain(text))} "
        f'<a href="{html.escape(target)}">'
        f'How it is measured<span class="hidden"> ({place} of {len(found)})</span></a></li>\n'
        for place, (text, target, is_conclusion) in enumerate(found, 1)
    )
    return f'<ul class="findings">\n{items}</ul>\n'


WIDE, WIDEST = 3, 9
"""A table with more columns than the first number is shown as a list on narrow screens, one with
more than the second on all screens."""


def figure_box(drawn: Drawn, snapshot: str, links: Mapping[str, str], caution: str = "") -> str:
    """A figure with its title, snapshot and downloads, or the reason why there is none.

    caution: how the landing distorts the figure; empty if it does not.
    """
    if not drawn.svg:
        return missing(f"Figure “{drawn.title}” is not drawn: {drawn.reason}.")
    # The page has these style rules once for all figures, and shows the title itself.
    svg = re.sub(r"<style>.*?</style>", "", untitled(drawn.svg), count=1, flags=re.S)
    title, caption = (html.escape(plain(text)) for text in (drawn.title, drawn.caption))
    warned = f'<p class="caution">{html.escape(plain(caution))}</p>\n' if caution else ""
    return (
        f'<figure class="drawn" id="figure-{drawn.name}">\n<p class="conclusion">{title}</p>\n'
        f'<p class="filter">{caption}</p>\n{warned}'
        f'<div class="canvas" tabindex="0" role="group" aria-label="{title}">{svg.strip()}</div>\n'
        f"<figcaption>Snapshot {html.escape(snapshot)}. {link_line(links, 'span')}</figcaption>\n"
        "</figure>\n"
    )


def link_line(links: Mapping[str, str], tag: str = "p") -> str:
    """The links of downloads in one line."""
    if not links:
        return ""
    said = " · ".join(
        f'<a href="{html.escape(target)}">{html.escape(text)}</a>' for text, target in links.items()
    )
    return f'<{tag} class="downloads">{said}</{tag}>\n'


def folded(name: str, inner: str) -> str:
    """HTML folded behind a summary for mouse and keyboard: the caption of its table."""
    caption = re.search(r"<caption[^>]*>(.*?)</caption>", inner, re.S)
    return summary(html.unescape(caption.group(1)) if caption else name, inner)


def summary(title: str, inner: str) -> str:
    """HTML folded behind a summary for mouse and keyboard."""
    said = html.escape(plain(title))
    return f'<details class="folded"><summary>{said}</summary>\n{inner}</details>\n'


def missing(text: str) -> str:
    """A box that says what is missing."""
    said = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(plain(text)))
    return f'<p class="not-there">{said}</p>\n'


# searchable tables


def searchable(name: str, title: str, frame: pd.DataFrame, kind: str, up: str, links: Links) -> str:
    """A table that can be sorted and searched in the page; its rows are data, never markup.

    kind: what the first column names, "model" or "owner", for `static/links.js` to link. The
    library's script is `tables_script()`; the page loads both scripts once.
    """
    shown = pd.DataFrame(
        {
            heading: [cell(value) for value in frame[heading].tolist()]
            for heading in frame.columns
        },
        dtype=object,
    )  # fmt: skip
    numeric = [at for at, name in enumerate(frame) if frame[name].dtype.kind in "iuf"]
    made = itables.to_html_datatable(
        shown,
        table_id=f"searchable-{name}",
        connected=False,
        display_logo_when_loading=False,
        allow_html=False,
        showIndex=False,
        maxBytes=0,
        maxRows=0,
        classes="display compact",
        style="width:100%",
        pageLength=15,
        lengthMenu=[15, 50, 200],
        order=[],
        autoWidth=False,
        # A click anywhere on a heading sorts.
        text_in_header_can_be_selected=False,
        columnDefs=[{"className": "dt-right", "targets": numeric}],
        language={"search": f"Search {title}: "},
    )
    pages = json.dumps(dict(links.pages), ensure_ascii=False, sort_keys=True)
    # Quoted text must not end the script.
    pages = pages.replace("<", "\\u003c")
    return (
        f'<div class="searchable" tabindex="0" role="region" aria-label="{html.escape(title)}" '
        f'data-kind="{kind}" data-up="{up}" data-hub="{"yes" if links.has_hub else "no"}">\n'
        f'<script type="application/json" class="family-pages">{pages}</script>\n'
        f"{made.strip()}\n</div>\n"
    )


def cell(value: object) -> object:
    """A value for the searchable table; numbers stay numbers, so that they sort as such."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value == value:
        return round(value, 4)
    return printed(value)


def tables_script() -> str:
    """The library of searchable tables as a plain script: pages from disk cannot load modules."""
    made = itables.javascript.generate_init_offline_itables_html(itables.options.dt_bundle)
    return re.search(r"<script>(.*?)</script>", made, re.S).group(1).strip() + "\n"


# the browsable tree


def browsable_tree(
    base: str, rows: Sequence[Mapping], n_all: int, to: Callable[[str], str] = html.escape
) -> str:
    """A family as nested lists that open and close by mouse and keyboard.

    to: a model's id -> its HTML, outside the parts that open and close.
    rows: the models to list, with model_id, via (the parent it is listed under), relation,
    created_at, n_descendants, likes, each after its parent or below the base.
    """
    there = {row["model_id"] for row in rows} | {base}
    children: dict[str, list[Mapping]] = {}
    for row in rows:
        parent = row["via"] if row["via"] in there and row["via"] != row["model_id"] else base
        children.setdefault(parent, []).append(row)
    listed = 0

    def branch(parent: str, depth: int, above: frozenset) -> str:
        nonlocal listed
        parts = []
        for row in children.get(parent, ()):
            model_id = row["model_id"]
            listed += 1
            name = html.escape(plain(model_id))
            said = f"<span>{name}</span> <small>{about(row)}</small>"
            # Deeper lists are hard on browsers and readers alike; cycles end here too.
            goes_on = model_id in children and depth < 40 and model_id not in above
            if goes_on:
                below = branch(model_id, depth + 1, above | {model_id})
                parts.append(f"<li><details><summary>{said}</summary>{below}</details></li>\n")
            else:
                parts.append(f"<li><span>{to(model_id)}</span> <small>{about(row)}</small></li>\n")
        return f"<ul>\n{''.join(parts)}</ul>\n"

    inner = branch(base, 1, frozenset({base}))
    rest = f" {number(n_all - listed)} more are in the exports." if n_all > listed else ""
    return (
        '<div class="tree"><details><summary>'
        f"<span>{html.escape(plain(base))}</span> <small>{number(listed)} of {number(n_all)} "
        f"descendants listed.{rest}</small></summary>{inner}</details></div>\n"
    )


def about(row: Mapping) -> str:
    """A listed model's relation, date, descendants and likes."""
    said = [printed(row["relation"]), printed(row["created_at"])]
    if row["n_descendants"]:
        said.append(f"{number(row['n_descendants'])} below")
    if row["likes"] is not None:
        said.append(f"{number(row['likes'])} likes")
    return html.escape(", ".join(part for part in said if part))


def as_json(value: object) -> str:
    """A value as JSON text with sorted keys."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
