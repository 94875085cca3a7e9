"""Pieces of HTML that the pages include: figures, tables, searchable tables, the browsable tree.

Texts from the Hub are hostile: every one is escaped here, and pages include the pieces from files,
so that nothing in them is read as Markdown.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import itables
import itables.javascript
import itables.options
import pandas as pd

from analysis.figures.wording import number
from analysis.report.report_figures import Drawn
from analysis.studies.result_tables import Table, as_html, plain

MOST_ROWS = 10_000
"""Rows of a searchable table; browsers take seconds for more."""


def printed(value: object) -> str:
    """A cell as readers see it: dates without time, numbers with thousands apart, "" for null."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (int, float)):
        return number(value)
    return plain(str(value))


def table(
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    notes: Sequence[str] = (),
    is_numeric: bool = True,
) -> Table:
    """Rows as a printed table; the first column names the row."""
    lines = tuple(tuple(printed(cell) for cell in row) for row in rows)
    # A label that begins with a space would belong to the row above.
    lines = tuple((line[0].strip() or "(none)", *line[1:]) for line in lines)
    return Table(
        name=name,
        title=title,
        stub=columns[0],
        columns=tuple(columns[1:]),
        groups=(("", lines),),
        notes=tuple(notes),
        is_numeric=is_numeric,
    )


def table_box(made: Table, links: Mapping[str, str]) -> str:
    """A printed table with its downloads; says so where it has no rows."""
    if not any(lines for _, lines in made.groups):
        return missing(f"{made.title}: there is nothing to show in this landing.")
    return as_html(made) + link_line(links)


def figure_box(drawn: Drawn, snapshot: str, links: Mapping[str, str]) -> str:
    """A figure with its snapshot and downloads, or the reason why there is none."""
    if not drawn.svg:
        return missing(f"Figure “{drawn.title}” is not drawn: {drawn.reason}.")
    # The page's own style sheet has these rules once for all figures.
    svg = re.sub(r"<style>.*?</style>", "", drawn.svg, count=1, flags=re.S)
    return (
        f'<figure class="drawn" id="figure-{drawn.name}">\n<div class="canvas" tabindex="0" '
        f'role="group" aria-label="{html.escape(plain(drawn.title))}">{svg.strip()}</div>\n'
        f"<figcaption>Snapshot {html.escape(snapshot)}. {link_line(links, 'span')}</figcaption>\n"
        "</figure>\n"
    )


def link_line(links: Mapping[str, str], tag: str = "p") -> str:
    """Downloads side by side."""
    if not links:
        return ""
    said = " · ".join(
        f'<a href="{html.escape(target)}">{html.escape(text)}</a>' for text, target in links.items()
    )
    return f'<{tag} class="downloads">{said}</{tag}>\n'


def folded(name: str, inner: str) -> str:
    """HTML behind a summary that opens by mouse and keyboard: the caption of its table."""
    caption = re.search(r"<caption[^>]*>(.*?)</caption>", inner, re.S)
    title = caption.group(1) if caption else html.escape(plain(name))
    return f'<details class="folded"><summary>{title}</summary>\n{inner}</details>\n'


def missing(text: str) -> str:
    """A box that says what is not there."""
    said = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(plain(text)))
    return f'<p class="not-there">{said}</p>\n'


# searchable tables


def searchable(name: str, title: str, frame: pd.DataFrame) -> str:
    """A table that sorts and searches in the page; rows are data, never markup.

    The script is `tables_script()`, which the page loads once.
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
    return (
        f'<div class="searchable" tabindex="0" role="region" aria-label="{html.escape(title)}">\n'
        f"{made.strip()}\n</div>\n"
    )


def cell(value: object) -> object:
    """A value as the searchable table takes it: numbers stay numbers, so that they sort as such."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value == value:
        return round(value, 4)
    return printed(value)


def tables_script() -> str:
    """The library of the searchable tables as one plain script: pages from disk load no modules."""
    made = itables.javascript.generate_init_offline_itables_html(itables.options.dt_bundle)
    return re.search(r"<script>(.*?)</script>", made, re.S).group(1).strip() + "\n"


# the browsable tree


def browsable_tree(base: str, rows: Sequence[Mapping], n_all: int) -> str:
    """A family as nested lists that open and close by mouse and keyboard.

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
            said = f"<span>{html.escape(plain(model_id))}</span> <small>{about(row)}</small>"
            # Browsers and readers alike lose their way in deeper lists; cycles end here too.
            goes_on = model_id in children and depth < 40 and model_id not in above
            if goes_on:
                below = branch(model_id, depth + 1, above | {model_id})
                parts.append(f"<li><details><summary>{said}</summary>{below}</details></li>\n")
            else:
                parts.append(f"<li>{said}</li>\n")
        return f"<ul>\n{''.join(parts)}</ul>\n"

    inner = branch(base, 1, frozenset({base}))
    rest = f" {number(n_all - listed)} more are in the exports." if n_all > listed else ""
    return (
        '<div class="tree"><details open><summary>'
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
    """A value as JSON text whose keys are in order."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
