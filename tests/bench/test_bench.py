"""The benchmark measures: its table, its JSON and its page have their shape at a tiny size.

No figure is asserted: how long something takes is not a promise of the project.
"""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bench.landings import make_landing, make_second_week
from bench.measuring import BenchError, cost_of, exponent
from bench.report import page, study_table
from bench.study import study
from hub_lineage.landing import list_snapshots
from support import REPOSITORY

pytestmark = pytest.mark.xdist_group("bench")


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[str, dict, str]:
    """What a quick benchmark of 600 models printed, and the files that it wrote."""
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "bench", "--quick", "--models", "600", "--series"]
    command += ["--budget", "60", "--folder", folder / "work", "--json", folder / "bench.json"]
    command += ["--peers-python", folder / "none", "--study"]
    command += ["--weeks", "2", "3", "--history", "600"]
    finished = subprocess.run(
        [*map(str, command), "--page", str(folder / "bench.md")],
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    )  # fmt: skip
    result = json.loads((folder / "bench.json").read_text())
    return finished.stdout, result, (folder / "bench.md").read_text()


@pytest.mark.slow
def test_every_run_has_its_cost(measured):
    _, result, _ = measured
    assert [run["run"] for run in result["runs"]] == ["dbt build, memory_limit 4GB", "floor"]
    for run in result["runs"]:
        assert run["models_drawn"] == 600
        assert run["seconds"] > 0
        assert run["cpu_seconds"] > 0
        assert 0.01 < run["gigabytes"] < 4
    assert result["runs"][0]["models"] > 600
    assert result["runs"][0]["edges"] > 100


@pytest.mark.slow
def test_a_history_has_its_costs_and_its_row(measured):
    _, result, text = measured
    assert [one["weeks"] for one in result["history"]] == [2, 3]
    for one in result["history"]:
        assert one["reading_cpu_seconds"] > 0
        assert one["last_week_alone_cpu_seconds"] > 0
        assert one["on_top_cpu_seconds"] > 0
    assert result["history"][0]["item_rows"] < result["history"][1]["item_rows"]
    assert "## Histories" in text


@pytest.mark.slow
def test_every_test_and_every_table_has_its_cost(measured):
    _, result, _ = measured
    tables = {
        path.stem
        for path in (REPOSITORY / "models").rglob("*.sql")
        if "enabled=doubles_distances()" not in path.read_text()
        and "materialized=view_or_table()" not in path.read_text()
        and "source(" not in path.read_text()
    }
    assert set(result["statements"]) == tables
    assert all(cost["seconds"] > 0 for cost in result["statements"].values())
    assert len(result["tests"]) > 150


@pytest.mark.slow
def test_tools_with_one_task_agree(measured):
    _, result, _ = measured
    of = {
        (peer["tool"], peer["edges"]): peer["checksum"]
        for peer in result["peers"]
        if "skipped" not in peer
    }
    assert {tool for tool, _ in of} == {
        "cdindex", "pandas ranks", "pandas crowding", "networkx", "scipy",
    }  # fmt: skip
    sizes = {size for _, size in of}
    assert len(sizes) == 5
    assert all(of["networkx", size] == of["scipy", size] for size in sizes)


@pytest.mark.slow
def test_tools_that_are_not_installed_say_so(measured):
    _, result, text = measured
    skipped = {peer["tool"]: peer["skipped"] for peer in result["peers"] if "skipped" in peer}
    assert set(skipped) == {
        "xfast-cdindex", "pyscisci, no window", "polars ranks", "polars crowding", "igraph",
    }  # fmt: skip
    for tool, reason in skipped.items():
        assert "requirements/bench.txt" in reason
        assert f"* {tool}: {reason}" in text


@pytest.mark.slow
def test_the_table_is_printed_and_the_page_holds_it(measured):
    printed, result, text = measured
    header = next(line for line in printed.splitlines() if line.startswith("| run "))
    for column in ("seconds", "CPU seconds", "GB", "times the floor, CPU"):
        assert column in header
    assert header in text
    assert "ours is faster by" in text
    assert "| full build with all tests, seconds | 60.0 | 600 |" in text
    assert text.count("| not measured |") == 4
    assert page(result) == text


def test_the_exponent_is_the_slope_of_the_logarithms():
    assert exponent([1, 10, 100], [5, 500, 50_000]) == pytest.approx(2)
    assert exponent([4, 8], [3, 6]) == pytest.approx(1)
    assert exponent([4], [3]) is None
    assert exponent([], []) is None


def test_a_command_that_fails_is_told_in_one_line(tmp_path):
    command = [sys.executable, "-c", "print('first'); raise SystemExit('no such thing')"]
    with pytest.raises(BenchError, match="no such thing") as error:
        cost_of(command, log=tmp_path / "log")
    assert "\n" not in str(error.value)


def parents_added(landing: Path) -> list[list[str]]:
    """The parents that a shape gave to models, a list for each."""
    rows = duckdb.sql(f"""
        select json_extract_string(raw_json, '$.baseModels.models[*].id')
        from read_parquet('{landing}/hub_models/*/part-*.parquet')
        where starts_with(raw_json, '{{"baseModels":') and json_valid(raw_json)
    """)
    return [parents for (parents,) in rows.fetchall()]


def test_a_family_takes_one_model_in_fifty_of_those_without_parents(tmp_path):
    parents = parents_added(make_landing(tmp_path / "landing", 3000, "family"))
    assert 20 < len(parents) < 80
    assert len({tuple(names) for names in parents}) == 1


def test_a_second_week_keeps_the_first_and_changes_likes_of_one_item_in_twenty(tmp_path):
    landing = make_landing(tmp_path / "landing", 3000)
    weeks = list_snapshots(make_second_week(landing, tmp_path / "weeks"))
    first = list_snapshots(landing)[0]
    assert [week.snapshot_id for week in weeks] == [first.snapshot_id, "20260827T040000Z"]
    assert [week.rows for week in weeks] == [first.rows, first.rows]
    assert {week.status for week in weeks} == {"complete"}
    kept, old = (snapshot.folder / "part-00000.parquet" for snapshot in (weeks[0], first))
    assert kept.samefile(old)
    n_items, n_changed, n_other_likes = duckdb.execute(
        """
        with items as (
            select
                fetched_at,
                file_row_number as place,
                raw_json,
                try(json_extract_string(raw_json, '$.likes')) as likes
            from read_parquet($1, file_row_number = true)
        )
        select
            count(*),
            count(*) filter (where before.raw_json != after.raw_json),
            count(*) filter (
                where before.raw_json != after.raw_json and before.likes != after.likes
            )
        from items as before
        inner join items as after
            on before.place = after.place and before.fetched_at < after.fetched_at
        """,
        [str(tmp_path / "weeks/hub_models/*/part-*.parquet")],
    ).fetchall()[0]
    assert 0.03 < n_changed / n_items < 0.07
    assert n_changed - 3 <= n_other_likes <= n_changed


def test_merges_have_two_to_sixty_five_parents(tmp_path):
    parents = parents_added(make_landing(tmp_path / "landing", 3000, "merges"))
    assert 100 < len(parents) < 400
    assert {len(set(names)) for names in parents} >= {2, 3, 4, 5}
    assert max(map(len, parents)) <= 65


def test_the_table_of_the_studies_has_exponents_and_a_row_for_the_rest():
    def cost(name, cpu_seconds, gigabytes):
        return {"specification": name, "cpu_seconds": cpu_seconds, "gigabytes": gigabytes}

    result = {
        "study": [
            {"models_drawn": 100, "specifications": [cost("RR4", 1.0, 0.5), cost("RR5", 0.5, 0.7)]},
            {"models_drawn": 10, "specifications": [cost("RR4", 0.25, 0.2), cost("RR5", 0.5, 0.3)]},
        ]
    }
    lines = study_table(result, most=1).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert cells == [
        ["RR4", "0.25", "1.0", "0.60", "0.20", "0.50"],
        ["1 others", "0.50", "0.50", "0.00", "0.30", "0.70"],
        ["all", "0.75", "1.5", "0.30", "0.30", "0.70"],
    ]


@pytest.mark.slow
def test_every_specification_of_the_studies_has_its_cost(tmp_path):
    measured = study(tmp_path, 600)
    names = [row["specification"] for row in measured["specifications"]]
    assert {"RR4", "RR21", "DM2", "recognition_curve", "tables and figures"} <= set(names)
    assert len(names) == len(set(names))
    assert all(0.01 < row["gigabytes"] < 8 for row in measured["specifications"])
    assert sum(row["cpu_seconds"] for row in measured["specifications"]) > 0
