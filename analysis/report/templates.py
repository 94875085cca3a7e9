"""What the report's templates can ask for, and how they become pages for Sphinx."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from analysis.figures import Drawn, read_drawn
from analysis.figures.wording import number, percent
from analysis.report import fragments, verdict_list
from analysis.report.citing import bibtex
from analysis.report.links import Links, source
from analysis.report.marts import Results
from analysis.report.provenance import Landing
from analysis.studies.printed.table_formats import as_csv, escaped, marked, plain
from hub_lineage.dbt import Mart
from hub_lineage.exports import Exports
from hub_lineage.progress import Progress

YOUNG_FIGURES = (
    "growth_of_families", "entry_calendar", "relation_mix", "parents_per_model", "base_momentum",
)  # fmt: skip
"""Figures of growth, which in a young landing only show how its models were selected."""


@dataclass
class Report:
    """What the templates can call; each call writes a fragment into the build folder.

    exports, results: the data of the pages. source: pages and fragments before Sphinx. extra: files
    that are copied to the site as they are (figures, tables). landing, links: what the exports
    describe, and where names link to. shown: the progress. page: the page being written, with its
    folder, as in "families/x". seen: figures already on that page.
    """

    exports: Exports
    results: Results
    source: Path
    extra: Path
    marts: Sequence[Mart]
    landing: Landing
    links: Links
    shown: Progress
    drawn: dict[str, Drawn] = field(default_factory=dict)
    tables: dict[str, fragments.PrintedTable] = field(default_factory=dict)
    page: str = ""
    seen: set[str] = field(default_factory=set)
    n_fragments: int = 0

    # what templates call

    def figure(self, name: str) -> str:
        """A figure of the marts or studies by its name; a link if the page has it already."""
        if name in self.seen:
            return self.fragment(
                f'<p><a href="#figure-{name}">The figure above</a> shows it.</p>\n'
            )
        self.seen.add(name)
        drawn = self.drawn.get(name) or self.study_figure(name)
        return self.fragment(self.figure_html(name, drawn))

    def figure_html(self, name: str, drawn: Drawn) -> str:
        """A figure with its downloads and, if needed, a caution about the landing."""
        links = {
            suffix.upper(): f"{self.up}figures/{name}.{suffix}"
            for suffix in ("svg", "csv", "sql", "png")
            if suffix in drawn.suffixes
        }
        is_of_growth = name in YOUNG_FIGURES or name.endswith("-growth")
        caution = self.landing.caution if is_of_growth else ""
        return fragments.figure_box(drawn, self.snapshot, links, caution)

    def table(self, name: str, is_folded: bool = False) -> str:
        """A printed table of the marts by its name; folded away until a reader opens it."""
        made = self.table_box(name)
        is_folded = is_folded and "<caption" in made
        return self.fragment(fragments.folded(name, made) if is_folded else made)

    def folded_figure(self, name: str) -> str:
        """A figure folded away behind its subject and conclusion."""
        drawn = self.drawn.get(name) or self.study_figure(name)
        summary = f"{drawn.subject}. {drawn.title}" if drawn.subject else drawn.title
        return self.fragment(fragments.summary(summary, self.figure_html(name, drawn)))

    def with_and_without_own(self, name: str) -> str:
        """A ranking, with a switch to the same one without takers by the model's own owner."""
        return self.fragment(
            fragments.switched(
                name, "Leave out takers by the model's own owner",
                self.table_box(name), self.table_box(f"{name}_by_others"),
            )
        )  # fmt: skip

    def table_box(self, name: str) -> str:
        """A table's HTML; its CSV file is written too."""
        made = self.tables[name]
        (self.extra / "tables" / f"{name}.csv").write_text(as_csv(made.filed), "utf-8")
        links = {"CSV": f"{self.up}tables/{name}.csv"} | self.sql_link(name)
        return fragments.table_box(made, links, self.as_link)

    def as_link(self, heading: str, name: str) -> str:
        """The HTML of a cell that holds a model's id or an owner, with its links."""
        to = self.links.owner if heading == "owner" else self.links.model
        return to(name, self.up)

    def name(self, model_id: str) -> str:
        """A model's id with its links, within a line of Markdown."""
        inside = self.links.model(model_id, self.up)
        return marked(model_id) if inside == model_id else self.inline(inside)

    def study_table(self, name: str, is_folded: bool = True) -> str:
        """A printed table of the studies by its name; folded away until a reader opens it."""
        path = self.results.table(name)
        if path is None:
            reason = self.results.reason("tables", name)
            return self.fragment(fragments.missing(f"Table {name}: {reason}"))
        links = {}
        for suffix in ("csv", "tex"):
            file = path.with_suffix(f".{suffix}")
            if file.is_file():
                shutil.copyfile(file, self.extra / "tables" / file.name)
                links[suffix.upper()] = f"{self.up}tables/{file.name}"
        made = fragments.labelled(path.read_text("utf-8")) + fragments.link_line(links)
        return self.fragment(fragments.folded(name, made) if is_folded else made)

    def sql_link(self, name: str) -> dict[str, str]:
        """The link to a table's SQL, if there is a file of it."""
        file = f"tables/{name}.sql"
        return {"SQL": f"{self.up}{file}"} if (self.extra / file).is_file() else {}

    def searchable(self, name: str, title: str, sql: str, kind: str = "model") -> str:
        """A query's rows as a table that can be searched and sorted.

        kind: whether the first column holds ids of models ("model") or owners ("owner").
        """
        frame = self.exports.connection.execute(sql).df()
        frame.columns = [
            column if column.startswith("n_") else column.replace("_", " ") for column in frame
        ]
        if frame.empty:
            return self.fragment(fragments.missing(f"There are no {title} in this landing."))
        scripts = "".join(
            f'<script src="{self.up}_static/{name}.js"></script>\n' for name in ("tables", "links")
        )
        first = "" if "searchable" in self.seen else scripts
        self.seen.add("searchable")
        made = fragments.searchable(
            name, title, frame.head(fragments.MOST_ROWS), kind, self.up, self.links
        )
        return self.fragment(first + made)

    def note(self, text: str) -> str:
        """A box that says what is missing; nothing if the text is empty."""
        return self.fragment(fragments.missing(text)) if text else ""

    def fragment(self, html_text: str) -> str:
        """Our own HTML, included from a file, so that nothing in it is read as Markdown."""
        self.n_fragments += 1
        path = self.source / "_fragments" / f"{self.n_fragments:04}.html"
        path.write_text(html_text, "utf-8")
        return f"```{{raw}} html\n:file: {self.up}_fragments/{path.name}\n```\n"

    def html(self, text: str) -> str:
        """Our own HTML as a block of the page."""
        return self.fragment(text)

    def inline(self, text: str) -> str:
        """Our own HTML within a line, with ids already escaped, in a form that Markdown keeps."""
        return re.sub(r"([\\`*_\[\]|~$])", lambda found: f"&#{ord(found[1])};", text)

    # the rest

    @property
    def up(self) -> str:
        """The relative path from the current page to the top of the site."""
        return "../" * self.page.count("/")

    @property
    def snapshot(self) -> str:
        """The id of the exports' snapshot."""
        return self.exports.snapshot_id

    def study_figure(self, name: str) -> Drawn:
        """A figure of the results; its files are copied to those of the report."""
        path = self.results.figure(name)
        if path is None:
            return Drawn(name, name.replace("_", " "), reason=self.results.reason("figures", name))
        for file in sorted(path.parent.glob(f"{name}.*")):
            shutil.copyfile(file, self.extra / "figures" / file.name)
        return read_drawn(path)

    def write(self, page: str, template: str, **values) -> None:
        """Render a template of `pages/` into a page of the source."""
        self.page, self.seen = page, set()
        self.shown.advance(1, page)
        text = ENVIRONMENT.get_template(template).render(report=self, **values)
        path = self.source / f"{page}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def described(text: str) -> str:
    """A description from dbt as Markdown: code in backticks stays code, all else is escaped."""
    parts = plain(text).split("`")
    if len(parts) % 2 == 0:
        return marked(text)
    # Braces before code would make it a role of MyST.
    return "".join(
        f"`{part}`" if place % 2 and part.strip() else escaped(part).replace("{", "&#123;")
        for place, part in enumerate(parts)
    )


ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("pages")),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # The pages are Markdown: hostile text goes through the filter `md` or a fragment.
    autoescape=False,
)
ENVIRONMENT.filters["md"] = lambda text: marked(str(text))
ENVIRONMENT.filters["described"] = described
ENVIRONMENT.filters["percent"] = lambda value: percent(value) or "no share"
ENVIRONMENT.filters["source"] = source
ENVIRONMENT.filters["bibtex"] = bibtex
ENVIRONMENT.filters["verdict_list"] = verdict_list.as_html
ENVIRONMENT.filters["verdict_counts"] = verdict_list.counted
# Claims come from a file of results, and Markdown restricts the names of anchors.
ENVIRONMENT.filters["anchor"] = lambda text: re.sub(r"[^a-z0-9]+", "-", text)
ENVIRONMENT.filters["n"] = lambda value: "none" if value is None else number(value)
