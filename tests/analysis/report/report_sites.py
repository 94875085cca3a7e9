"""Sites built for the tests, and the exports and results that they are built from."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import duckdb

from analysis.report import site as report_site
from analysis.studies import records
from analysis.studies.result_tables import write_tables
from analysis.studies.variables import open_exports
from hub_lineage.progress import Progress
from made_results import estimate, specification
from support import REPOSITORY

HOSTILE = "<img src=x onerror=alert(1)>/`{raw}` $x$ {{7*7}} [a](javascript:b) </script>\"'|*_"
"""Stands for an id: markup of every kind that a page is made of."""

SAMPLE = "20260903T040000Z"
"""The latest snapshot of the sample."""

MARTS = sorted(
    path.stem for path in (REPOSITORY / "models" / "marts").glob("*.sql")
)  # fmt: skip


def rewritten(exports: Path, folder: Path, queries: dict[str, str] | None = None, **texts: str):
    """Exports again, with some marts' rows from SQL over `mart`, and texts replaced everywhere.

    queries: mart -> SQL over a table of the mart's own name. texts: old=..., new=...
    """
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        snapshot = open_exports(exports).snapshot_id
        if texts:
            snapshot = snapshot.replace(texts["old"], texts["new"])
        for path in sorted(exports.glob("*.parquet")):
            mart = path.stem
            connection.execute(f"create or replace view {mart} as from '{path}'")
            sql = (queries or {}).get(mart, f"from {mart}")
            if texts:
                columns = connection.execute(f"describe {sql}").fetchall()
                old, new = (texts[name].replace("'", "''") for name in ("old", "new"))
                replaced = ", ".join(
                    f"replace(\"{name}\", '{old}', '{new}') as \"{name}\""
                    for name, kind, *_ in columns
                    if kind == "VARCHAR"
                )
                sql = f"select * replace ({replaced}) from ({sql})" if replaced else sql
            connection.execute(
                f"copy ({sql}) to '{folder / path.name}' "
                f"(format parquet, kv_metadata {{snapshot_id: '{snapshot}'}})"
            )
    return folder


def made_results(exports: Path, folder: Path) -> Path:
    """Results of the studies by hand: two claims, one of them hostile, regressions with the longest
    names that there are, and a figure."""
    opened = open_exports(exports)
    (folder / "figures").mkdir(parents=True)
    shared = {"study": "disruption", "source": HOSTILE, "snapshot_id": opened.snapshot_id}
    claims = [
        {
            "claim_id": "A1", "claim": "Most models are consolidative.", "choice": "by hand",
            "estimate": 0.123456, "interval_low": 0.1, "interval_high": 0.2, "n": 4321,
            "role": "test", "leans": "as claimed", "verdict": "supported", "reason": "",
            "in_words": "12 % of models are consolidative (10 to 20 %)",
            "tolerance": "any distance from 50 % counts",
        },
        {
            "claim_id": "B9", "claim": HOSTILE, "choice": HOSTILE, "role": "test",
            "verdict": "not_testable_here", "verdict_reason": HOSTILE, "reason": HOSTILE,
        },
    ]  # fmt: skip
    records.write_table("claims", [shared | one for one in claims], folder, records.CLAIMS)
    ids = [f"RR25.base_downloads_all_time_{place}.months" for place in range(6)]
    regressions = [
        estimate(one, term, 12345.6) for one in ids for term in ("log_rank", "log_crowd_30")
    ]
    records.write_table("estimates", regressions, folder, records.ESTIMATES)
    records.write_table(
        "specifications", [specification(one) for one in ids], folder, records.SPECIFICATIONS
    )
    write_tables(folder)
    (folder / "figures" / "mdi_distribution.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 10 10" role="img" '
        'aria-labelledby="m-title"><title id="m-title">By hand</title><style>x{}</style></svg>\n'
    )
    for suffix in ("csv", "sql"):
        (folder / "figures" / f"mdi_distribution.{suffix}").write_text("by hand\n")
    about = {
        "title": "By hand", "subject": "A subject", "caption": "N = 3 by hand.",
        "alternative_text": "By hand.",
    }  # fmt: skip
    (folder / "figures" / "mdi_distribution.json").write_text(json.dumps(about))
    manifest = {
        "snapshot_id": opened.snapshot_id,
        "landing_hash": opened.content_hash,
        "figures": {"coefficients_racing": {"status": "not_drawn", "reason": "needs a fit"}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def made_manifest(path: Path) -> Path:
    """A manifest of dbt with one mart, as far as the dictionary reads it."""
    mart = {
        "resource_type": "model",
        "name": "hub_models",
        "fqn": ["hub_lineage", "marts", "hub_models"],
        "description": "Every model <b>of</b> the snapshot.",
        "config": {"meta": {"grain": ["model_id"]}},
        "columns": {
            "model_id": {"name": "model_id", "data_type": "varchar", "description": "Its `id`."}
        },
    }
    path.write_text(json.dumps({"nodes": {"model.hub_lineage.hub_models": mart}}))
    return path


def built_site(
    exports: Path, results: Path, folder: Path, *bases: str, n_families: int, **said: str
) -> Path:
    """A site in `folder/site`; `said` is what the person who reports says of the data.

    How many steps it told and how many it had expected stands in `folder/steps.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with Progress("report", 0, "steps", is_quiet=True) as shown:
        report_site.build(
            exports, results, folder / "site", bases, n_families=n_families,
            manifest=made_manifest(folder / "manifest.json"), shown=shown, **said,
        )  # fmt: skip
    (folder / "steps.json").write_text(json.dumps([shown.done, shown.total]), "utf-8")
    return folder / "site"


def report(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """`python -m report` as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "report", *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


class Page(HTMLParser):
    """What a page holds: elements with their attributes, and its text outside of scripts."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self._silent = 0
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._silent -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._silent:
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All text, spaces made one."""
        return " ".join(" ".join(self.texts).split())

    def all(self, *tags: str) -> list[dict]:
        """The attributes of every element with one of these tags."""
        return [attributes for tag, attributes in self.elements if tag in tags]


def pages(site: Path) -> list[Path]:
    """Every page of a site."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
