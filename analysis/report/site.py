"""The report, from exports and results to a folder that opens by double click."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import yaml

from analysis.figures import theme
from analysis.figures.wording import interval, number, percent
from analysis.report import dictionary, families, fragments, report_figures
from analysis.report.marts import MARTS, Results, open_marts, open_results
from analysis.report.rendering import render
from analysis.report.report_figures import Drawn
from analysis.studies.result_tables import (
    ROLES,
    STUDIES,
    Table,
    as_csv,
    claim_number,
    is_counted,
    marked,
    plain,
)
from analysis.studies.shares import clustered_share
from hub_lineage.exports import Exports, StudyError
from hub_lineage.files import files_of, replace_folder, workshop
from hub_lineage.paths import PROJECT

HERE = Path(__file__).parent
MARKER = "report.json"
"""The site's own account of itself; a folder without it is never replaced."""

LARGEST = 10
"""Families with a page of their own unless others are named."""

VERDICTS = {
    "supported": "\N{CHECK MARK} supported",
    "contradicted": "\N{MULTIPLICATION X} contradicted",
    "inconclusive": "? inconclusive",
    "not_testable_here": "\N{EN DASH} not testable here",
}
"""A sign before each verdict, so that it is not told by colour alone."""


@dataclass
class Report:
    """What the templates can ask for; each call leaves a fragment in the build folder.

    exports, results: what the pages are about. source: pages and fragments before Sphinx.
    extra: files that the site takes as they are (figures, tables). page: the page being written,
    with its folder, as in "families/x". seen: figures already on that page.
    """

    exports: Exports
    results: Results
    source: Path
    extra: Path
    marts: Sequence[dictionary.Mart]
    say: Callable[[str], None]
    drawn: dict[str, Drawn] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    page: str = ""
    seen: set[str] = field(default_factory=set)
    n_fragments: int = 0

    # what templates call

    def figure(self, name: str) -> str:
        """A figure of the marts or of the studies by its name; a link where the page has it."""
        if name in self.seen:
            return self.fragment(
                f'<p><a href="#figure-{name}">The figure above</a> shows it.</p>\n'
            )
        self.seen.add(name)
        drawn = self.drawn.get(name) or self.study_figure(name)
        suffixes = ("svg", "csv", "sql", *(("png",) if drawn.has_png else ()))
        links = {suffix.upper(): f"{self.up}figures/{name}.{suffix}" for suffix in suffixes}
        return self.fragment(fragments.figure_box(drawn, self.snapshot, links))

    def table(self, name: str) -> str:
        """A printed table of the marts by its name."""
        made = self.tables[name]
        (self.extra / "tables" / f"{name}.csv").write_text(as_csv(made), "utf-8")
        return self.fragment(
            fragments.table_box(made, {"CSV": f"{self.up}tables/{name}.csv"} | self.sql_link(name))
        )

    def study_table(self, name: str, is_folded: bool = False) -> str:
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
        made = path.read_text("utf-8") + fragments.link_line(links)
        return self.fragment(fragments.folded(name, made) if is_folded else made)

    def sql_link(self, name: str) -> dict[str, str]:
        file = f"tables/{name}.sql"
        return {"SQL": f"{self.up}{file}"} if (self.extra / file).is_file() else {}

    def searchable(self, name: str, title: str, sql: str) -> str:
        """A query's rows as a table that searches and sorts."""
        frame = self.exports.connection.execute(sql).df()
        script = f'<script src="{self.up}_static/tables.js"></script>\n'
        if frame.empty:
            return self.fragment(fragments.missing(f"There are no {title} in this landing."))
        return self.fragment(script + fragments.searchable(name, title, frame.head(MOST)))

    def note(self, text: str) -> str:
        """A box that says what is not there."""
        return self.fragment(fragments.missing(text)) if text else ""

    def fragment(self, html_text: str) -> str:
        """HTML of our making, included from a file, so that nothing in it is read as Markdown."""
        self.n_fragments += 1
        path = self.source / "_fragments" / f"{self.n_fragments:04}.html"
        path.write_text(html_text, "utf-8")
        return f"```{{raw}} html\n:file: {self.up}_fragments/{path.name}\n```\n"

    # the rest

    @property
    def up(self) -> str:
        """The way from the present page to the site's top."""
        return "../" * self.page.count("/")

    @property
    def snapshot(self) -> str:
        return self.exports.snapshot_id

    def study_figure(self, name: str) -> Drawn:
        """A figure of the results, its files copied beside the report's own."""
        path = self.results.figure(name)
        if path is None:
            return Drawn(name, name.replace("_", " "), reason=self.results.reason("figures", name))
        for file in sorted(path.parent.glob(f"{name}.*")):
            shutil.copyfile(file, self.extra / "figures" / file.name)
        svg = path.read_text("utf-8")
        title = re.search(r"<title[^>]*>(.*?)</title>", svg, re.S)
        return Drawn(
            name, title.group(1) if title else name, svg=svg,
            has_png=path.with_suffix(".png").is_file(),
        )  # fmt: skip

    def write(self, page: str, template: str, **values) -> None:
        """Render a template of `pages/` into a page of the source."""
        self.page, self.seen = page, set()
        text = ENVIRONMENT.get_template(template).render(report=self, **values)
        path = self.source / f"{page}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


MOST = fragments.MOST_ROWS

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "pages"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # The pages are Markdown: hostile text passes the filter `md` or a fragment.
    autoescape=False,
)
ENVIRONMENT.filters["md"] = lambda text: marked(str(text))
ENVIRONMENT.filters["percent"] = lambda value: percent(value) or "no share"
ENVIRONMENT.filters["n"] = lambda value: "none" if value is None else number(value)


def share_of_models(report: Report) -> Callable[[str], str]:
    """The share of models for which a condition holds, in words, with its interval over families:
    "42.0 % (95 % interval 40.4 % to 43.4 %)"."""

    def said(condition: str) -> str:
        families = report.exports.connection.execute(
            f"select count(*) filter ({condition}) as k, count(*) as n from hub_models "
            "group by coalesce(root_id, model_id)"
        ).fetchnumpy()
        found = clustered_share(families["k"], families["n"])
        if found.estimate is None:
            return "no share (nothing to count)"
        if found.reason:
            return f"{percent(found.estimate)} (no interval: {found.reason})"
        ends = f"{percent(found.low)} to {percent(found.high)}"
        return f"{percent(found.estimate)} (95 % interval {ends})"

    return said


def build(
    exports_folder: Path,
    results_folder: Path,
    site: Path,
    bases: Sequence[str] = (),
    *,
    n_families: int = LARGEST,
    manifest: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict:
    """Write the site; what it says of itself (pages, figures and tables that are missing).

    exports_folder: the marts as Parquet. results_folder: of the studies; need not be there.
    site: its pages are replaced once the new ones stand, files of others stay. bases: ids that get
    a family page beside the `n_families` largest. manifest: of dbt; dbt is asked for one if None.

    Raises StudyError for exports, bases or folders that cannot be used.
    """
    made_before = check_target(site)
    exports = open_marts(exports_folder)
    results = open_results(results_folder, exports)
    if results.missing:
        say(results.missing)
    chosen = families.chosen_bases(exports, bases, n_families)
    with workshop(site, "the report", "name another folder with --to or HUB_SITE") as staged:
        source, extra, made = staged / "source", staged / "extra", staged / "site"
        for folder in (
            source / "_fragments", extra / "figures", extra / "tables", staged / "static",
            staged / "dbt",
        ):  # fmt: skip
            folder.mkdir(parents=True)
        say("reading the dictionary")
        marts = dictionary.read_dictionary(manifest, staged / "dbt")
        report = Report(exports, results, source, extra, marts, say)
        write_pages(report, chosen)
        write_static(staged / "static")
        say("rendering")
        render(source, made, staged / "doctrees", [staged / "static"])
        shutil.copytree(extra, made, dirs_exist_ok=True)
        account = account_of(report, chosen, made)
        (made / MARKER).write_text(fragments.as_json(account), "utf-8")
        # An account without a list was left by a version that made the same files.
        ours = account["files"] if made_before is None else made_before
        replace_folder(made, site, {MARKER, *ours})
    return account


def check_target(site: Path) -> list[str] | None:
    """The files of the report that stands there, None if it does not list them.

    A StudyError if the folder holds files and no report.
    """
    if site.exists() and not site.is_dir():
        raise StudyError(f"{site} is not a folder: name another with --to or HUB_SITE")
    if not site.is_dir() or not any(site.iterdir()):
        return []
    if not (site / MARKER).is_file():
        raise StudyError(
            f"{site} holds files that are no report, and would be replaced: name another folder "
            "with --to or HUB_SITE"
        )
    try:
        return json.loads((site / MARKER).read_text("utf-8")).get("files")
    except (OSError, ValueError, AttributeError) as error:
        raise StudyError(
            f"{site / MARKER} cannot be read, so that nobody knows which files there are the "
            "report's: name another folder with --to or HUB_SITE"
        ) from error


def account_of(report: Report, chosen: Sequence[families.Base], site: Path) -> dict:
    """The site's account of itself: what it was made of, its pages, what is missing and why."""
    pages = sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))
    return {
        "snapshot_id": report.exports.snapshot_id,
        "content_hash": report.exports.content_hash,
        "studies": "shown" if report.results.folder else "missing",
        "note": report.results.missing,
        "bases": [base.model_id for base in chosen],
        "pages": pages,
        "files": files_of(site),
        "figures_not_drawn": {
            name: one.reason for name, one in sorted(report.drawn.items()) if not one.svg
        },
    }


# pages


def write_pages(report: Report, chosen: Sequence[families.Base]) -> None:
    """Every page's Markdown."""
    connection = report.exports.connection
    connection.execute(report_figures.text_of("intervals"))
    facts = families.one_row(connection, report_figures.text_of("facts"))
    for figure in report_figures.FIGURES:
        report.say(f"figure {figure.name}")
        report.drawn[figure.name] = report_figures.draw(
            figure, connection, report.extra / "figures"
        )
    read_tables(report)
    shared = {
        "facts": facts,
        "share_of_models": share_of_models(report),
        "is_sample": is_sample(report.snapshot),
        "marts_read": MARTS,
    }
    report.write("index", "index.md", **shared, claims=claims_of(report), bases=chosen)
    for name in ("methods", "data", "ecosystem", "models", "cite"):
        report.write(name, f"{name}.md", **shared, citation=citation())
    report.write(
        "estimates", "estimates.md", **shared, names=report.results.names("tables", "html")
    )
    report.write(
        "robustness", "robustness.md", **shared,
        curves=[n for n in report.results.names("figures", "svg") if n.startswith("specific")],
        calibrations=[n for n in report.results.names("figures", "svg") if n.startswith("calib")],
    )  # fmt: skip
    report.write("changes", "changes.md", **shared, changelog=changelog())
    for mart in report.marts:
        report.tables[f"dictionary_{mart.name}"] = fragments.table(
            f"dictionary_{mart.name}", f"Columns of {mart.name}", ("column", "type", "meaning"),
            mart.columns, is_numeric=False,
        )  # fmt: skip
    report.write("dictionary", "dictionary.md", **shared)
    for place, base in enumerate(chosen, 1):
        report.say(f"family {place} of {len(chosen)}")
        write_family(report, base, shared)
    report.write("families/index", "families.md", **shared, bases=chosen)


def write_family(report: Report, base: families.Base, shared: Mapping) -> None:
    """One base's page: figures, tree as a list, table, facts."""
    connection = report.exports.connection
    families.walk(connection, base.model_id)
    facts = families.facts(connection)
    made = report_figures.family_figures(base.model_id, base.slug)
    for figure in made:
        report.drawn[figure.name] = report_figures.draw(
            figure, connection, report.extra / "figures", is_prepared=True
        )
    names = {}
    for kind, title, columns, rows, notes in (
        (
            "top",
            "Descendants with the highest disruption index, 90 days",
            ("model", "relation", "MDI", "from", "to", "n_i", "n_j", "n_k", "children", "likes"),
            families.top_by_disruption(connection),
            (
                "Defined index and at least one taker in the window; ties by takers, then name.",
                families.INTERVAL,
            ),
        ),
        (
            "built_upon",
            "Most built-upon descendants, and their index at 90 days",
            ("model", "children", "MDI", "from", "to", "n_i", "n_j", "n_k", "undefined because"),
            families.most_built_upon(connection),
            ("Where the index is undefined, the last column says why.", families.INTERVAL),
        ),
    ):
        names[kind] = f"{kind}_{base.slug}"
        report.tables[names[kind]] = fragments.table(names[kind], title, columns, rows, notes)
    listed = families.most_descended(connection)
    report.write(
        f"families/{base.slug}", "family.md", **{**shared, "facts": facts}, base=base,
        figures=[figure.name for figure in made], tables=names, n_listed=len(listed),
        most_listed=families.MOST_LISTED,
        tree=lambda: report.fragment(
            fragments.browsable_tree(base.model_id, listed, facts["n_descendants"])
        ),
    )  # fmt: skip


def read_tables(report: Report) -> None:
    """Run the SQL of `tables.yml` into printed tables, and keep it beside them."""
    for entry in yaml.safe_load((HERE / "tables.yml").read_text("utf-8")):
        rows = report.exports.connection.execute(entry["sql"]).fetchall()
        report.tables[entry["name"]] = fragments.table(
            entry["name"], entry["title"], entry["columns"], rows,
            (*entry.get("notes", ()), f"Snapshot {report.snapshot}."),
            entry.get("is_numeric", True),
        )  # fmt: skip
        macros = report_figures.text_of("intervals") if "_low(" in entry["sql"] else ""
        (report.extra / "tables" / f"{entry['name']}.sql").write_text(
            f"-- {entry['title']}; the tables are the marts of the same name.\n{macros}"
            f"{entry['sql']}",
            "utf-8",
        )


def claims_of(report: Report) -> list[dict]:
    """The claims with their tests as tables and their figures, studies together."""
    beside = yaml.safe_load((HERE / "findings.yml").read_text("utf-8"))
    by_claim: dict[str, list[Mapping]] = {}
    for row in report.results.claims:
        by_claim.setdefault(row["claim_id"], []).append(row)
    claims = []
    for claim_id, tests in by_claim.items():
        first = tests[0]
        name = f"claim_{claim_id}"
        report.tables[name] = fragments.table(
            name, f"What claim {claim_id} is judged by, and what stands beside it",
            ("what is measured", "role", "number", "95 % interval", "N", "lies", "specification"),
            [
                (
                    one["choice"], ROLES[one["role"]], claim_number(one), claim_interval(one),
                    one["n"], one["leans"] or one["reason"], one["specification_id"] or "counted",
                )
                for one in tests
            ],
            notes=(f"Source: {first['source']}.", f"Snapshot {report.snapshot}."),
        )  # fmt: skip
        claims.append(
            {
                "id": claim_id,
                "study": STUDIES.get(first["study"], first["study"]),
                "claim": first["claim"],
                "verdict": VERDICTS[first["verdict"]],
                "in_words": first["in_words"] or "",
                "why": first["verdict_reason"] or "",
                "curve": curve_words(first),
                "table": name,
                "figures": beside.get(claim_id, []),
            }
        )
    report.tables["verdicts"] = fragments.table(
        "verdicts", "Claims and verdicts",
        ("claim", "verdict", "what was measured, with its 95 % interval", "N"),
        [
            (
                f"{claim['id']}  {claim['claim']}", claim["verdict"],
                claim["in_words"] or claim["why"], by_claim[claim["id"]][0]["n"],
            )
            for claim in claims
        ],
        notes=(
            "Each verdict follows from one test that was fixed before any estimate was made. "
            "Inconclusive is no evidence against a claim: the claim's own section says what this "
            "landing could have shown.",
            f"Snapshot {report.snapshot}.",
        ),
        is_numeric=False,
    )  # fmt: skip
    return claims


def claim_interval(row: Mapping) -> str:
    """The interval of a test; empty for what is counted."""
    return "" if is_counted(row) else interval(row["interval_low"], row["interval_high"])


def curve_words(row: Mapping) -> str:
    """How many combinations of choices agree with a claim in sign; empty where no curve is."""
    if not row["curve_n"]:
        return ""
    chance = ""
    if row["curve_p_value"] is not None:
        chance = f", against chance p {number(row['curve_p_value'])}"
    share = percent(row["curve_share_as_claimed"], 0)
    return f"Of {row['curve_n']} combinations of choices {share} agree with it in sign{chance}."


def is_sample(snapshot: str) -> bool:
    """Whether a snapshot bears the name of one of the made-up sample's."""
    return (PROJECT / "sample" / "hub_models" / f"snapshot_id={snapshot}").is_dir()


def citation() -> Mapping:
    """The parsed CITATION.cff."""
    return yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))


def changelog() -> str:
    """CHANGELOG.md without its title, headings one deeper than the page's."""
    text = (PROJECT / "CHANGELOG.md").read_text("utf-8")
    return text.split("\n", 1)[1].strip() + "\n"


# the style


def write_static(folder: Path) -> None:
    """The style sheets and the script of the searchable tables."""
    shutil.copyfile(HERE / "static" / "report.css", folder / "report.css")
    (folder / "figures.css").write_text(figure_style(), "utf-8")
    (folder / "tables.js").write_text(fragments.tables_script(), "utf-8")


def figure_style() -> str:
    """The figures' colours as the page's, in light and dark."""
    light, dark = (
        "".join(f"--figure-{name}:{pair[at]};" for name, pair in theme.COLOURS.items())
        for at in (0, 1)
    )
    return (
        f"body{{{light}}}\n"
        f'@media screen{{body[data-theme="dark"]{{{dark}}}\n'
        f'@media (prefers-color-scheme:dark){{body:not([data-theme="light"]){{{dark}}}}}}}\n'
        f"{theme.style_sheet()}\n"
    )


def told(account: Mapping, site: Path) -> str:
    """One line on what was written."""
    files = [path for path in site.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    return (
        f"{site / 'index.html'}: {len(account['pages'])} pages, {len(files)} files, {size:.1f} MB; "
        f"studies {account['studies']}"
    )


def progress(is_quiet: bool) -> Callable[[str], None]:
    """Takes lines of progress; they go to stderr unless it is quiet."""
    return lambda line: None if is_quiet else print(plain(line), file=sys.stderr)
