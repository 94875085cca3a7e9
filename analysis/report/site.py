"""Builds the report: from exports and results to a folder that opens by double click."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml

from analysis.figures import MART_FIGURES, draw, family_figures, text_of, theme
from analysis.figures.wording import interval
from analysis.report import dictionary, excerpts, families, fragments, verdict_list
from analysis.report.findings import Finding, findings, with_share
from analysis.report.links import Links
from analysis.report.marts import MARTS, open_marts, open_results
from analysis.report.provenance import landing_of
from analysis.report.rendering import render
from analysis.report.templates import Report
from analysis.report.worked_example import worked_example
from analysis.studies.printed.table_formats import plain
from analysis.studies.printed.verdict_tables import ROLES, claim_number, is_counted
from analysis.studies.shares import clustered_share
from hub_lineage.dbt import Mart
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports, n_models
from hub_lineage.files import files_of, replace_folder, workshop
from hub_lineage.paths import PROJECT
from hub_lineage.progress import Progress, nothing_shown
from hub_lineage.scopes import scope_of

HERE = Path(__file__).parent
MARKER = "report.json"
"""The site's description of itself; a folder without it is never replaced."""

SECONDS = 27.0
SECONDS_A_MODEL = 1e-4
"""The time of a report with ten families and the studies on one core; dbt's manifest takes 12 s."""

LARGEST = 10
"""How many of the largest families get a page by default."""

N_PAGES = len(list((HERE / "pages").glob("*.md"))) - 1
"""The number of pages that every report has; the other template is that of the families."""

SUFFIXES = ("svg", "csv", "sql")
"""The files written for each figure of the marts."""

FIRST_MARTS = (
    "hub_models", "lineage_edges", "families", "disruption", "release_races", "crowding",
    "recognition_panel", "disruption_panel", "ecosystem_months", "concentration",
)  # fmt: skip
"""The marts that most questions need come first in the dictionary; the others follow by name."""


def share_of_models(report: Report) -> Callable[[str], str]:
    """A function that puts the share of models that satisfy a condition into words.

    The interval is over families: "42 % (95 % interval 32 to 53 %)".
    """

    def said(condition: str) -> str:
        families = report.exports.connection.execute(
            f"select count(*) filter ({condition}) as k, count(*) as n from hub_models "
            "group by coalesce(root_id, model_id)"
        ).fetchnumpy()
        found = clustered_share(families["k"], families["n"])
        if found.estimate is None:
            return "no share (nothing to count)"
        if found.reason:
            return f"{with_share(found)} (no interval: {found.reason})"
        return with_share(found)

    return said


def build(
    exports_folder: Path,
    results_folder: Path,
    site: Path,
    bases: Sequence[str] = (),
    *,
    n_families: int = LARGEST,
    manifest: Path | None = None,
    scope: str | None = None,
    licence: str = "",
    attribution: str = "",
    shown: Progress | None = None,
) -> dict:
    """Write the site and return its description of itself (its pages, and what is missing).

    exports_folder: the marts as Parquet. results_folder: that of the studies, which may not exist.
    site: its pages are replaced once the new ones are complete; other files there are kept. bases:
    ids that get a family page in addition to the `n_families` largest. manifest: that of dbt, which
    writes one if it is None. scope, licence, attribution: those of the data, as for `publish`,
    shown on every page. shown: counts figures, pages and families.

    Raises StudyError for exports, bases or folders that cannot be used.
    """
    shown = shown or nothing_shown()
    made_before = check_target(site)
    exports = open_marts(exports_folder)
    results = open_results(results_folder, exports)
    if results.missing:
        shown.say(plain(results.missing))
    chosen = families.chosen_bases(exports, bases, n_families)
    # Each page is written in Markdown, read and written by Sphinx, which adds the search page.
    shown.expect(1 + len(MART_FIGURES) + 3 * (N_PAGES + len(chosen)) + 1)
    landing = landing_of(
        exports.connection, exports.snapshot_id, scope_of(exports.snapshot_id, scope), licence,
        attribution,
    )  # fmt: skip
    with workshop(site, "the report", "name another folder with --to or HUB_SITE") as staged:
        source, extra, made = staged / "source", staged / "extra", staged / "site"
        for folder in (
            source / "_fragments", extra / "figures", extra / "tables", staged / "static",
            staged / "dbt",
        ):  # fmt: skip
            folder.mkdir(parents=True)
        shown.announce(SECONDS + SECONDS_A_MODEL * n_models(exports))
        shown.advance(0, "dictionary")
        marts = dictionary.read_dictionary(manifest, staged / "dbt")
        links = Links(
            {base.model_id: base.slug for base in chosen}, listed(exports), not landing.is_sample
        )
        report = Report(exports, results, source, extra, marts, landing, links, shown)
        write_pages(report, chosen)
        write_static(staged / "static")
        render(source, made, staged / "doctrees", shown, [staged / "static"], landing.as_line())
        shown.advance(1, "texts for the search")
        excerpts.write_texts(made)
        shutil.copytree(extra, made, dirs_exist_ok=True)
        account = account_of(report, chosen, made)
        (made / MARKER).write_text(fragments.as_json(account), "utf-8")
        # An account without a list is that of an earlier version, which wrote the same files.
        ours = account["files"] if made_before is None else made_before
        replace_folder(made, site, {MARKER, *ours})
    return account


def check_target(site: Path) -> list[str] | None:
    """The files of the report that is there now, None if it does not list them.

    A StudyError if the folder holds files but no report.
    """
    if site.exists() and not site.is_dir():
        raise StudyError(f"{site} is not a folder: name another with --to or HUB_SITE")
    if not site.is_dir() or not any(site.iterdir()):
        return []
    if not (site / MARKER).is_file():
        raise StudyError(
            f"{site} holds files that are not a report, and would be replaced: name another folder "
            "with --to or HUB_SITE"
        )
    try:
        return json.loads((site / MARKER).read_text("utf-8")).get("files")
    except (OSError, ValueError, AttributeError) as error:
        raise StudyError(
            f"{site / MARKER} cannot be read, so the report's files cannot be told from others: "
            "name another folder with --to or HUB_SITE"
        ) from error


def account_of(report: Report, chosen: Sequence[families.Base], site: Path) -> dict:
    """The site's description of itself: its data, its pages, what is missing and why."""
    pages = sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))
    return {
        "snapshot_id": report.exports.snapshot_id,
        "content_hash": report.exports.content_hash,
        "studies": "shown" if report.results.folder else "missing",
        "note": report.results.missing,
        "landing": dict(report.landing.facts),
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
    connection.execute(text_of("intervals"))
    facts = families.one_row(connection, query_text("facts"))
    for figure in MART_FIGURES:
        report.shown.advance(1, figure.name)
        report.drawn[figure.name] = draw(figure, connection, report.extra / "figures", SUFFIXES)
    read_tables(report)
    connection.execute(query_text("own_takers"))
    shared = {
        "facts": facts,
        "share_of_models": share_of_models(report),
        "landing": report.landing,
        "marts_read": MARTS,
    }
    found = findings(connection, report.results.claims)
    claims = claims_of(report)
    report.write("index", "index.md", **shared, findings=sentences(found), claims=claims,
                 bases=chosen)  # fmt: skip
    report.write("verdicts", "verdicts.md", **shared, claims=claims)
    report.write("glossary", "glossary.md", **shared, example=worked_example(connection))
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
            [(one.name, one.type, one.description) for one in mart.columns], is_numeric=False,
        )  # fmt: skip
    report.write("dictionary", "dictionary.md", **shared, ordered=in_order(report.marts))
    for base in chosen:
        report.shown.advance(0, base.model_id)
        write_family(report, base, shared)
    report.write("families/index", "families.md", **shared, bases=chosen)


def sentences(found: Sequence[Finding]) -> str:
    """The findings as a list, each with a link to its numbers; those without conclusion last."""
    return fragments.finding_list(
        [
            (one.text, one.target.replace("#", ".html#"), one.is_conclusion)
            for one in sorted(found, key=lambda one: not one.is_conclusion)
        ]
    )


def in_order(marts: Sequence[Mart]) -> list[dictionary.Mart]:
    """The marts of `FIRST_MARTS` first, the others by name."""
    places = {name: place for place, name in enumerate(FIRST_MARTS)}
    return sorted(marts, key=lambda mart: (places.get(mart.name, len(places)), mart.name))


def listed(exports: Exports) -> frozenset[str]:
    """The models that the page of models lists."""
    rows = exports.connection.execute(
        f"""
        select model_id from hub_models
        order by n_descendants desc, likes desc nulls last, model_id
        limit {fragments.MOST_ROWS}
        """
    ).fetchall()
    return frozenset(model_id for (model_id,) in rows)


def write_family(report: Report, base: families.Base, shared: Mapping) -> None:
    """Write one base's page: figures, the tree as a list, tables, facts."""
    connection = report.exports.connection
    families.walk(connection, base.model_id)
    facts = families.facts(connection)
    made = family_figures(base.model_id, base.slug)
    for figure in made:
        report.drawn[figure.name] = draw(
            figure, connection, report.extra / "figures", SUFFIXES, is_prepared=True
        )
    names = {}
    for kind, title, columns, rows, notes in (
        (
            "top",
            "Descendants with the highest disruption index, 90 days",
            (
                "model",
                "relation",
                "MDI",
                "from",
                "to",
                "n_i",
                "n_j",
                "n_k",
                "own takers",
                "children",
                "likes",
            ),
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
        report.tables[names[kind]] = fragments.table(
            names[kind], title, columns, rows, notes, linked=("model",)
        )
    listed = families.most_descended(connection)
    report.write(
        f"families/{base.slug}", "family.md", **{**shared, "facts": facts}, base=base,
        figures=[figure.name for figure in made], tables=names, n_listed=len(listed),
        most_listed=families.MOST_LISTED,
        tree=lambda: report.fragment(
            fragments.browsable_tree(
                base.model_id, listed, facts["n_descendants"],
                lambda model_id: report.links.model(model_id, report.up),
            )
        ),
    )  # fmt: skip


def query_text(name: str) -> str:
    """The text of a query of the pages, other than those of figures."""
    return (HERE / "queries" / f"{name}.sql").read_text("utf-8")


def read_tables(report: Report) -> None:
    """Make printed tables with the SQL of `tables.yml`, and write the SQL beside them."""
    for entry in yaml.safe_load((HERE / "tables.yml").read_text("utf-8")):
        preludes = [query_text(name) for name in entry.get("preludes", ())]
        if re.search(r"_(low|high)\(", entry["sql"]):
            preludes.insert(0, text_of("intervals"))
        for prelude in preludes:
            report.exports.connection.execute(prelude)
        rows = report.exports.connection.execute(entry["sql"]).fetchall()
        report.tables[entry["name"]] = fragments.table(
            entry["name"], entry["title"], entry["columns"], rows,
            (*entry.get("notes", ()), f"Snapshot {report.snapshot}."),
            entry.get("is_numeric", True), entry.get("linked", ()),
        )  # fmt: skip
        (report.extra / "tables" / f"{entry['name']}.sql").write_text(
            f"-- {entry['title']}; the tables are the marts of the same name.\n"
            f"{''.join(preludes)}{entry['sql']}",
            "utf-8",
        )


def claims_of(report: Report) -> list[verdict_list.Claim]:
    """The claims in order, each with its figures and with a table of its tests."""
    beside = yaml.safe_load((HERE / "findings.yml").read_text("utf-8"))
    claims = verdict_list.claims_of(report.results.claims)
    for claim in claims:
        claim.figures.extend(beside.get(claim.claim_id, []))
        report.tables[claim.table] = fragments.table(
            claim.table, f"What claim {claim.claim_id} is judged by, and what stands beside it",
            ("what is measured", "role", "number", "95 % interval", "N", "lies", "specification"),
            [
                (
                    one["choice"], ROLES[one["role"]], claim_number(one), claim_interval(one),
                    one["n"], one["leans"] or one["reason"], one["specification_id"] or "counted",
                )
                for one in claim.tests
            ],
            notes=(f"Source of the claim: {claim.source}.", f"Snapshot {report.snapshot}."),
            is_numeric=False,
        )  # fmt: skip
    return claims


def claim_interval(row: Mapping) -> str:
    """The interval of a test; empty for a count."""
    return "" if is_counted(row) else interval(row["interval_low"], row["interval_high"])


def citation() -> Mapping:
    """The parsed CITATION.cff."""
    return yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))


def changelog() -> list[tuple[str, str]]:
    """The sections of CHANGELOG.md: the heading, and Markdown without further headings."""
    text = (PROJECT / "CHANGELOG.md").read_text("utf-8")
    _, *parts = re.split(r"^## +(.*)$", text, flags=re.M)
    # A heading inside a folded section would end it.
    bodies = (re.sub(r"^#+ +(.*)$", r"**\1**", body, flags=re.M).strip() for body in parts[1::2])
    return list(zip(parts[::2], bodies, strict=True))


# the style


def write_static(folder: Path) -> None:
    """Write the style sheets and the script of the searchable tables."""
    for path in (HERE / "static").iterdir():
        shutil.copyfile(path, folder / path.name)
    (folder / "figures.css").write_text(figure_style(), "utf-8")
    (folder / "tables.js").write_text(fragments.tables_script(), "utf-8")


def figure_style() -> str:
    """The style sheet that gives the figures the page's colours, light and dark."""
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


def summary(account: Mapping, site: Path) -> str:
    """One line on what was written."""
    files = [path for path in site.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    return (
        f"{site / 'index.html'}: {len(account['pages'])} pages, {len(files)} files, {size:.1f} MB; "
        f"studies {account['studies']}"
    )
