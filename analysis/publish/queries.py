"""Writes the SQL of each published number, to run in the published folder after `sql/open.sql`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from analysis.figures import FIGURES, Figure
from analysis.publish.project import Project
from analysis.studies import claims
from analysis.studies.claims import tests_of
from analysis.studies.printed.verdict_tables import ROLES
from analysis.studies.specifications import Specification, all_specifications
from analysis.studies.variables import SAMPLES

COLUMNS = {
    "share": "family, successes, models",
    "every_share": "month, family, successes, models",
    "value": "value, n",
    "dealt_out": "prominence, entrants of a base",
}
"""The columns that the query of each kind of test returns."""

VIEWS = Path(__file__).resolve().parents[1] / "studies" / "samples"


def write_queries(project: Project, folder: Path, results: Iterable[str]) -> None:
    """Write `<folder>/open.sql` and one file per model, question, figure, claim, specification.

    `results` names the tables of results that are published with the marts. Figures of tables that
    are not published are left out.
    """
    results = tuple(results)
    handed_on = {*project.marts, *results}
    figures = [one for one in FIGURES if handed_on.issuperset(one.reads)]
    texts = {
        "open": opening(project, results),
        **{f"models/{name}": sql for name, sql in project.models.items()},
        **{f"questions/{name}": ended(sql) for name, sql in project.questions.items()},
        **{f"figures/{one.name}": of_figure(one) for one in figures},
        **{f"claims/{one['claim_id']}": of_claim(one) for one in claims.document()["claims"]},
        **{f"specifications/{one.specification_id}": rows_of(one) for one in all_specifications()},
    }
    for name, text in texts.items():
        path = folder / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def opening(project: Project, results: Iterable[str]) -> str:
    """The SQL of views on all files, and of the studies' variables on top of them."""
    lines = ["-- Run it first, in the folder above: duckdb -init sql/open.sql"]
    lines += [f"create or replace view {name} as from 'data/{name}.parquet';"
              for name in project.marts]  # fmt: skip
    lines += [f"create or replace view {name} as from 'results/{name}.parquet';"
              for name in results]  # fmt: skip
    for name in SAMPLES:
        text = (VIEWS / f"{name}.sql").read_text("utf-8").strip().rstrip(";")
        lines += ["", f"create or replace view {name} as", f"{text};"]
    return "\n".join(lines) + "\n"


def of_figure(figure: Figure) -> str:
    """The SQL of a figure's numbers, under its title."""
    head = [f"-- {figure.title}.", f"-- Reads {', '.join(figure.reads)}."]
    return "\n".join([*head, figure.prelude, ended(figure.query)])


def of_claim(claim: Mapping) -> str:
    """The queries behind a claim's verdict: the deciding test, then the additional ones."""
    lines = [f"-- {claim['claim_id']}: {' '.join(claim['claim'].split())} ({claim['source']})"]
    for role, test in tests_of(claim):
        lines += ["", f"-- {ROLES[role]}: {' '.join(str(test['choice']).split())}"]
        if "specification" in test:
            name, term = test["specification"], test["term"]
            lines += [f"-- estimate of {term} in {name}: its rows are ../specifications/{name}.sql"]
        else:
            kind = next(kind for kind in COLUMNS if kind in test)
            lines += [f"-- {COLUMNS[kind]}", ended(test[kind]).rstrip()]
    return "\n".join(lines) + "\n"


def rows_of(one: Specification) -> str:
    """The SQL of a specification's rows, with its formula or method as a comment."""
    if one.method == "regression":
        clusters = ", ".join(one.clusters) or "none"
        done = f"{one.equation.formula}, {one.estimator}, clusters: {clusters}"
        sql = one.sql()
    else:
        # Methods add columns of their own, including the outcome.
        done = f"method {one.method} on {one.outcome}"
        sql = one.sql(("*",))
    return f"-- {one.specification_id}: {' '.join(one.title.split())}\n-- {done}\n{ended(sql)}"


def ended(sql: str) -> str:
    """A statement with exactly one semicolon at its end."""
    return sql.strip().rstrip(";") + ";\n"
