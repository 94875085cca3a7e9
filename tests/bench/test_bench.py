"""The benchmark measures: its table, its JSON and its page have their shape at a tiny size.

No figure is asserted: how long something takes is not a promise of the project.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bench.answers import our_statements
from bench.landings import make_landing, make_second_week
from bench.measuring import BenchError, cost_of, exponent, free_seconds
from bench.questions import QUESTIONS
from bench.report import page, serial_table, study_table, tools_table
from bench.side_by_side import answer_of, equal_rows
from bench.study import study
from hub_lineage.landing import list_snapshots
from support import REPOSITORY

pytestmark = pytest.mark.xdist_group("bench")


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[str, dict, str]:
    """What a quick benchmark of 600 models printed, and the files that it wrote."""
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "bench", "--quick", "--models", "600"]
    command += ["--only", "builds", "tools", "cores", "histories", "--pairs", "2"]
    command += ["--cores", "1", "2", "--peers-python", folder / "none"]
    command += ["--weeks", "2", "3", "--history", "600"]
    command += ["--folder", folder / "work", "--json", folder / "bench.json"]
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
def test_tools_are_run_in_pairs_with_ours_in_memory_and_written(measured):
    _, result, text = measured
    asked = {
        (one["question"], one["tool"], one["kept"])
        for one in result["tools"]
        if "skipped" not in one
    }
    assert asked == {
        (question, tool, kept)
        for question, tool in (
            ("disruption index, 90 days", "cdindex"),
            ("disruption index, six windows", "cdindex"),
            ("rank of release", "pandas"),
            ("rivals in the 90 days before", "pandas"),
            ("nine kinds of rivals, four windows", "pandas"),
            ("descendants", "networkx"),
            ("descendants", "scipy"),
        )
        for kept in ("memory", "written")
    }
    for one in result["tools"]:
        if "skipped" not in one:
            assert one["edges"] > 100
            assert one["rows"] > 10
            assert len(one["ours"]) == len(one["theirs"]) == 2
            assert min(one["ours"] + one["theirs"]) > 0
    assert "| rows, all equal |" in text


@pytest.mark.slow
def test_tools_that_are_not_installed_say_so(measured):
    _, result, text = measured
    skipped = {one["tool"]: one["skipped"] for one in result["tools"] if "skipped" in one}
    assert set(skipped) == {"xfast-cdindex", "polars", "igraph"}
    for tool, reason in skipped.items():
        assert "requirements/bench.txt" in reason
        assert f"* {tool}: {reason}" in text


@pytest.mark.slow
def test_builds_and_statements_have_their_cost_on_one_core_and_on_two(measured):
    _, result, text = measured
    assert [one["threads"] for one in result["cores"]["statements"]] == [1, 2]
    assert 1 in {one["cores"] for one in result["cores"]["builds"]}
    for one in result["cores"]["builds"]:
        assert one["free_seconds"] >= one["cpu_seconds"] / one["cores"] > 0
    assert f"| all {len(result['statements'])} statements | 1 |" in text


@pytest.mark.slow
def test_the_table_is_printed_and_the_page_holds_it(measured):
    printed, result, text = measured
    header = next(line for line in printed.splitlines() if line.startswith("| run "))
    for column in ("seconds", "CPU seconds", "GB", "times the floor, CPU"):
        assert column in header
    assert header in text
    assert "| full build with all tests, seconds | 60.0 | 600 |" in text
    assert text.count("| not measured |") == 4
    assert page(result) == text
    assert "## Scaling" not in text
    assert text.count("Measured by `python -m bench --models 600 --only builds tools cores ") == 5


def test_sections_that_are_not_measured_stay_as_they_were():
    nothing = {"runs": [], "statements": {}, "tools": [], "cores": {}, "commands": []}
    skipped = {"question": "descendants", "tool": "igraph", "skipped": "not there"}
    before = "# Old\n\n## Builds\n\nas ever\n\n## Same work, side by side\n\nold\n\n## Gone\n\nx\n"
    text = page(nothing | {"tools": [skipped]}, before)
    assert text.startswith("# Benchmark\n")
    assert "## Builds\n\nas ever\n\n## Same work, side by side\n\nThe project's" in text
    assert "* igraph: not there" in text
    assert "old" not in text
    assert "## Gone" not in text
    assert page(nothing, text) == text


def test_the_section_of_histories_holds_its_targets():
    """By itself too: of four weeks and of twelve, in which what is read grows with the weeks."""
    histories = [
        {
            "models_drawn": 250_000, "weeks": weeks, "item_rows": 200_000 * weeks,
            "cpu_seconds": 40 + 4 * weeks, "reading_cpu_seconds": 3 * weeks, "gigabytes": 3.5,
            "last_week_alone_cpu_seconds": 32, "on_top_cpu_seconds": 48, "bytes_a_row": 19.0,
        }
        for weeks in (4, 12)
    ]  # fmt: skip
    command = {"command": "python -m bench", "sections": ["histories"], "cores": 2}
    command |= {"gigabytes": 25, "duckdb": "2", "load": 0}
    nothing = {"runs": [], "statements": {}, "tools": [], "cores": {}, "series": []}
    text = page(nothing | {"history": histories, "commands": [command]})
    for target, most, measured, verdict in [
        ("a history, its peak, GB", "4.0", "3.5", "yes"),
        ("a history without reading JSON, times its last week alone", "2.0", "1.6", "yes"),
        ("the last week of a history on top, times alone", "1.25", "1.5", "no"),
        ("exponent of a history over its weeks, without reading JSON", "0.6", "0.15", "yes"),
        ("a history, bytes a row beyond the last week", "20.0", "19.0", "yes"),
    ]:
        assert f"| {target} | {most} | 250,000 | {measured} | - | {verdict} |" in text
    assert "## Targets" not in text


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_makes_what_its_statements_read(name, tmp_path):
    for model in QUESTIONS[name].models:
        path = tmp_path / "target/compiled/hub_lineage/models" / f"{model}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"select '{model}'")
    made = set(re.findall(r"bench\.\w+\.(\w+)", "".join(our_statements(QUESTIONS[name], tmp_path))))
    for model in QUESTIONS[name].models:
        (path,) = (REPOSITORY / "models/intermediate").rglob(f"{model}.sql")
        assert set(re.findall(r"ref\('(\w+)'\)", path.read_text())) <= made - {model}


def answers_of(folder: Path, ours: str, theirs: str) -> None:
    """Two answers to how many descendants there are, as rows of SQL."""
    for tool, rows in (("ours", ours), ("igraph", theirs)):
        duckdb.sql(f"from (values {rows}) as rows(node_key, n_descendants)").write_parquet(
            str(answer_of(tool, folder))
        )


@pytest.mark.parametrize(
    "theirs",
    ["(1, 2), (3, 5)", "(1, 2)", "(1, 2), (3, 4), (5, 6)", "(1, 2), (3, null)", "(1, 2), (4, 4)"],
)
def test_answers_that_differ_in_a_value_or_a_row_stop_the_bench(tmp_path, theirs):
    answers_of(tmp_path, "(1, 2), (3, 4)", theirs)
    with pytest.raises(BenchError, match=r"igraph, descendants: \d of \d rows differ from ours"):
        equal_rows("descendants", "igraph", tmp_path)


def test_answers_are_equal_in_any_order_and_nan_is_unknown(tmp_path):
    answers_of(tmp_path, "(1, 0.1 + 0.2), (3, null)", "(3, 'nan'::double), (1, 0.3)")
    assert equal_rows("descendants", "igraph", tmp_path) == 2


def test_an_answer_with_other_columns_stops_the_bench(tmp_path):
    answers_of(tmp_path, "(1, 2)", "(1, 2)")
    duckdb.sql("select 1 as node_key, 2 as n").write_parquet(str(answer_of("igraph", tmp_path)))
    with pytest.raises(BenchError, match="its columns differ from ours"):
        equal_rows("descendants", "igraph", tmp_path)


def test_the_table_of_tools_has_the_median_of_the_ratios_within_pairs():
    row = {"question": "ranks", "tool": "pandas", "kept": "memory", "edges": 9, "rows": 9}
    row |= {"ours": [1.0, 2.0, 4.0], "theirs": [3.0, 2.0, 8.0]}
    cells = [cell.strip() for cell in tools_table({"tools": [row]}).splitlines()[-1].split("|")]
    assert cells[-6:] == ["2.0", "3.0", "2.0", "3", "1.0 to 3.0", ""]


def test_what_stays_the_same_with_more_threads_is_serial():
    def run(threads, **seconds):
        statements = {name: {"free_seconds": value} for name, value in seconds.items()}
        return {"threads": threads, "statements": statements}

    runs = [run(1, half=4.0, all_of_it=3.0, none=8.0), run(4, half=2.5, all_of_it=3.1, none=2.0)]
    lines = serial_table({"cores": {"statements": runs}}, n=2).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert cells == [
        ["all_of_it", "3.0", "3.1", "3.0"],
        ["half", "4.0", "2.5", "2.0"],
        ["all 3", "15.0", "7.6", "5.0"],
    ]


def test_waiting_for_a_core_is_not_counted_as_work():
    assert free_seconds(8.0, 3.0, 9.0) == 2.0
    assert free_seconds(8.0, 3.0, 0.0) == 8.0


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
    assert {"RR4", "RR21", "DM2", "recognition_curve", "claims, tables and figures"} <= set(names)
    assert len(names) == len(set(names))
    assert all(0.01 < row["gigabytes"] < 8 for row in measured["specifications"])
    assert sum(row["cpu_seconds"] for row in measured["specifications"]) > 0
