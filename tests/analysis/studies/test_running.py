"""The whole run on the sample: every specification is accounted for, two runs are equal."""

import json
import re
import shutil
from types import SimpleNamespace

import duckdb
import pytest
from study_runs import DRAWS, analysis, analysis_as_process

from analysis.figures import STUDY_FIGURES, write_figures
from analysis.studies import records, registration, running
from analysis.studies.estimating import Result
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.methods import METHODS
from analysis.studies.running import (
    further_tables,
    replace_folder,
    results_of,
    revision,
    run,
    without_estimate,
)
from analysis.studies.specifications import all_specifications
from hub_lineage.errors import StudyError

pytestmark = pytest.mark.xdist_group("studies")


def rows(results, table, columns="*", where="true"):
    found = duckdb.sql(f"select {columns} from '{results}/{table}.parquet' where {where}")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def test_every_specification_ends_with_a_status_and_if_not_ok_a_reason(sample_results):
    listed = {row["specification_id"]: row for row in rows(sample_results, "specifications")}
    assert {one.specification_id for one in all_specifications()} <= set(listed)
    assert {row["status"] for row in listed.values()} <= {"ok", "not_run", "refused", "failed"}
    assert all(row["reason"] for row in listed.values() if row["status"] != "ok")
    assert sum(row["status"] == "ok" for row in listed.values()) > 60


def test_tables_have_the_columns_that_are_promised(sample_results):
    for table in ("estimates", "specifications", "claims", "curve"):
        columns = duckdb.sql(f"from '{sample_results}/{table}.parquet'").columns
        assert columns == list(getattr(records, table.upper()))


def test_each_estimate_has_its_interval_and_its_n(sample_results):
    found = rows(sample_results, "estimates", where="estimate is not null")
    assert found
    for row in found:
        assert row["n_used"] > 0
        assert row["n_in"] >= row["n_used"]
        assert row["interval_low"] is None or row["interval_low"] <= row["estimate"]
        assert row["interval_high"] is None or row["interval_high"] >= row["estimate"]


def test_what_drops_out_adds_up(sample_results):
    for row in rows(sample_results, "estimates", where="scale = 'coefficient'"):
        lost = sum(row[f"n_{why}"] for why in ("null", "infinite", "singleton", "separated"))
        assert row["n_in"] == row["n_used"] + lost, row["specification_id"]


def test_headlines_have_a_jackknife_interval(sample_results):
    found = rows(sample_results, "estimates", where="specification_id = 'RR4' and is_of_interest")
    assert {row["term"] for row in found} == {"log_rank", "log_crowd_30", "late_and_crowded"}
    for row in found:
        assert row["jackknife_low"] < row["estimate"] < row["jackknife_high"]


def test_p_values_of_the_primary_family_are_adjusted(sample_results):
    found = rows(
        sample_results, "estimates", where="specification_id = 'RR4' and term = 'log_rank'"
    )
    assert found[0]["adjustment"] == "holm"
    assert found[0]["p_adjusted"] >= found[0]["jackknife_p_value"]


def test_an_estimate_can_be_made_again_from_its_own_sql_and_formula(sample_results, sample_exports):
    from analysis.studies.estimation import fit
    from analysis.studies.specifications import chosen
    from analysis.studies.variables import open_exports

    (row,) = rows(
        sample_results, "estimates", where="specification_id = 'RR3' and term = 'log_rank'"
    )
    frame = open_exports(sample_exports).connection.execute(row["sample_sql"]).df()
    (specification,) = (one for one in chosen(["RR3"]) if one.specification_id == "RR3")
    assert specification.equation.formula == row["formula"]
    again = fit(frame, specification.equation).row("log_rank")
    assert again["estimate"] == pytest.approx(row["estimate"], rel=1e-9)


def test_each_claim_has_one_verdict_from_one_test_and_a_reason_or_a_number(sample_results):
    verdicts, tests = {}, {}
    for row in rows(sample_results, "claims"):
        verdicts.setdefault(row["claim_id"], set()).add(row["verdict"])
        tests.setdefault(row["claim_id"], []).append(row["role"])
        if row["role"] == "test":
            assert row["verdict_reason"] or row["estimate"] is not None
            assert (row["verdict"] == "not_testable_here") == bool(row["reason"])
        assert row["reason"] or row["n"] is not None
    assert all(len(each) == 1 for each in verdicts.values())
    assert all(roles.count("test") == 1 for roles in tests.values())


def test_the_manifest_names_landing_versions_seed_and_every_status(sample_results):
    manifest = json.loads((sample_results / "manifest.json").read_text())
    assert manifest["snapshot_id"] == "20260903T040000Z"
    assert len(manifest["landing_hash"]) == 64
    assert manifest["draws"] == DRAWS
    assert {"pyfixest", "duckdb", "statsmodels", "python"} <= set(manifest["versions"])
    assert {one.specification_id for one in all_specifications()} <= set(manifest["specifications"])


def draw_one(results, exports):
    """In place of all figures, which the run that all tests share draws."""
    return write_figures(results, exports, STUDY_FIGURES[:1])


@pytest.fixture
def with_one_figure(monkeypatch):
    """A run draws one figure."""
    monkeypatch.setattr(running, "write_figures", draw_one)


@pytest.mark.usefixtures("with_one_figure")
def test_a_second_run_of_one_row_gives_the_same_rows(sample_results, sample_exports, tmp_path):
    finished = analysis("run", "RR13", "--quiet", exports=sample_exports, results=tmp_path / "r")
    assert finished.returncode == 0, finished.stderr
    again = rows(tmp_path / "r", "estimates", "* exclude (p_adjusted)")
    first = rows(sample_results, "estimates", "* exclude (p_adjusted)", "row = 'RR13'")
    assert len(again) == len(first) > 0
    for one, other in zip(again, first, strict=True):
        for name, value in one.items():
            expected = other[name]
            if isinstance(value, float):
                expected = pytest.approx(expected, rel=1e-8)
            assert value == expected, name


def test_a_landing_too_small_for_a_primary_specification_is_no_error(sample_results):
    """It is told in the last lines of the run, which went through."""
    said = (sample_results.parent / "said").read_text(encoding="utf-8").splitlines()
    (line,) = [text for text in said if text.startswith("not testable here: RR6,")]
    assert re.fullmatch(
        r"not testable here: RR6, a primary specification "
        r"\(refused: .+ its \d+ terms cannot be told apart in the \d+ rows used\)",
        line,
    )


@pytest.mark.usefixtures("with_one_figure")
def test_a_fault_of_the_program_ends_the_run_and_leaves_the_old_results(
    sample_exports, tmp_path, monkeypatch
):
    def broken(context, specification):
        raise KeyError("a fault")

    run(sample_exports, tmp_path / "r", ["DM8.as_it_is"])
    before = (tmp_path / "r" / "manifest.json").read_bytes()
    monkeypatch.setitem(METHODS, "regression", broken)
    with pytest.raises(KeyError, match="a fault"):
        run(sample_exports, tmp_path / "r", ["DM8.as_it_is"])
    assert (tmp_path / "r" / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_only_primary_specifications_without_an_estimate_are_told_apart():
    primary = next(one for one in all_specifications() if one.family == "primary")
    other = next(one for one in all_specifications() if one.family != "primary")
    results = [Result(primary, "ok"), Result(primary, "failed", "why"), Result(other, "refused")]
    assert without_estimate(results) == [results[1]]


# a run of some specifications


@pytest.fixture(scope="module")
def partly(sample_results, sample_exports, tmp_path_factory):
    """The results of all specifications after three of them were run again, with fewer draws. Rows
    of an equation and of a specification that the design no longer has stood among them."""
    results = shutil.copytree(sample_results, tmp_path_factory.mktemp("partly") / "results")
    estimates = rows(results, "estimates")
    stray = estimates[0] | {"specification_id": "RR16.6h.no_such_equation"}
    gone = estimates[0] | {"specification_id": "RR99"}
    records.write_table("estimates", [*estimates, stray, gone], results, records.ESTIMATES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "write_figures", draw_one)
        finished = analysis(
            "run", "RR1", "RR16.6h", "DM6", "--draws", 5, "--seed", 7, "--quiet",
            exports=sample_exports, results=results,
        )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return results


def test_a_partial_run_updates_its_own_rows_only(sample_results, partly):
    for table, others in (
        ("estimates", "specification_id <> 'DM6'"),
        ("specifications", "specification_id <> 'DM6'"),
        ("designs", "specification_id <> 'DM6'"),
        ("balance", "true"),
        ("curve", "true"),
        ("index_null", "true"),
        ("survival", "true"),
    ):
        columns = "* exclude (p_adjusted)" if table == "estimates" else "*"
        one, other = (rows(folder, table, columns, others) for folder in (partly, sample_results))
        assert len(one) == len(other) > 0, table
        for row, expected in zip(one, other, strict=True):
            assert row == pytest.approx(expected, rel=1e-8, nan_ok=True)
    one, other = (
        rows(folder, "estimates", "term, estimate", "specification_id = 'DM6'")
        for folder in (partly, sample_results)
    )
    assert [row["term"] for row in one] == [row["term"] for row in other]
    assert one != other
    (draws,) = rows(partly, "designs", "value", "specification_id = 'DM6' and fact = 'draws'")
    assert draws == {"value": 5}
    names = [sorted(path.name for path in folder.iterdir()) for folder in (partly, sample_results)]
    assert names[0] == names[1]


def test_p_values_and_claims_of_a_partial_run_are_over_all_rows(sample_results, partly):
    """RR1 draws nothing, so that all of racing must come out as in the run of everything."""
    for table in ("estimates", "claims"):
        one, other = (
            rows(folder, table, where="study = 'racing'") for folder in (partly, sample_results)
        )
        assert len(one) == len(other) > 0
        for row, expected in zip(one, other, strict=True):
            assert row == pytest.approx(expected, rel=1e-8, nan_ok=True)


def test_a_manifest_says_which_run_each_specification_is_of(partly):
    manifest = json.loads((partly / "manifest.json").read_text())
    asked = ["RR1", "RR16.6h", "DM6"]
    assert [(one["asked"], one["seed"], one["draws"]) for one in manifest["runs"]] == [
        ([], 20260413, DRAWS), (asked, 7, 5),
    ]  # fmt: skip
    assert {name for name, told in manifest["specifications"].items() if told["run"] == 1} == {
        row["specification_id"]
        for row in rows(
            partly, "specifications",
            where="row in ('RR1', 'DM6') or specification_id like 'RR16.6h%'",
        )
    }  # fmt: skip


def test_rows_that_the_design_no_longer_has_are_dropped(partly):
    names = {row["specification_id"] for row in rows(partly, "estimates", "specification_id")}
    assert not names & {"RR16.6h.no_such_equation", "RR99"}


@pytest.fixture
def whole(sample_results, tmp_path):
    """A copy of the results of all specifications, to be written to."""
    return shutil.copytree(sample_results, tmp_path / "whole")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace('"landing_hash": "', '"landing_hash": "0'), "other exports"),
        (lambda text: "no manifest", "cannot be read"),
    ],
)
def test_results_that_a_partial_run_cannot_join_are_left_alone(sample_exports, whole, spoil, words):
    manifest = whole / "manifest.json"
    manifest.write_text(spoil(manifest.read_text()))
    before = {path: path.read_bytes() for path in whole.glob("*.*")}
    finished = analysis("run", "RR1", exports=sample_exports, results=whole)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"error: the results in {whole}")
    assert words in line
    assert "run all of them, or set HUB_RESULTS" in line
    assert {path: path.read_bytes() for path in whole.glob("*.*")} == before


# the registered design


def test_a_run_writes_its_design_before_it_opens_the_exports(sample_exports, tmp_path, monkeypatch):
    there = []

    def opened(folder, **options):
        there.extend(path.name for path in tmp_path.glob(".*/results/*"))
        raise KeyError("enough")

    monkeypatch.setattr(running, "open_exports", opened)
    with pytest.raises(KeyError, match="enough"):
        run(sample_exports, tmp_path / "r")
    assert there == ["registration.json"]


def test_the_manifest_and_the_first_file_tell_the_same_design(sample_results):
    manifest = json.loads((sample_results / "manifest.json").read_text())
    first = json.loads((sample_results / "registration.json").read_text())
    assert manifest["registration"] == first == registration.registered()
    [test] = [one for one in first["primary_tests"] if one["claim_id"] == "B1"]
    assert (test["specification_id"], test["term"]) == ("RR28", "log_rank")
    assert test["claimed"] == {"less": 0}


@pytest.mark.usefixtures("with_one_figure")
def test_a_design_that_changes_in_mid_run_is_an_error(sample_exports, tmp_path, monkeypatch):
    hashes = iter(["a" * 64, "b" * 64])
    monkeypatch.setattr(registration, "hash_of", lambda design: next(hashes))
    with pytest.raises(StudyError, match=r"changed during the run: nothing was written"):
        run(sample_exports, tmp_path / "r", ["DM8.as_it_is"])
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["run", "RR99"], 2, "error: no specification 'RR99'"),
        (["run", "--draws", "0"], 2, "0 is not at least 1"),
        (["cook"], 2, "invalid choice: 'cook'"),
        ([], 2, "COMMAND"),
    ],
)
def test_wrong_use_is_one_line_and_an_exit_code(
    sample_exports, tmp_path, arguments, exit_code, words
):
    finished = analysis(*arguments, exports=sample_exports, results=tmp_path / "r")
    assert finished.returncode == exit_code
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_wrong_memory_limit_is_told_at_once(sample_exports, tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_MEMORY", "plenty")
    finished = analysis("run", exports=sample_exports, results=tmp_path / "r")
    assert finished.returncode == 2
    assert finished.stderr == "error: HUB_MEMORY is 'plenty': it must be a size such as 4GB\n"
    assert not (tmp_path / "r").exists()


@pytest.mark.usefixtures("with_one_figure")
@pytest.mark.parametrize(("asked", "is_said"), [([], True), (["DM8.as_it_is"], False)])
def test_a_run_of_all_says_before_how_long_it_takes(sample_exports, tmp_path, asked, is_said):
    class BegunError(Exception):
        """The run has come as far as is wanted here."""

    told = []

    def begin(seconds: float) -> None:
        told.append(seconds)
        raise BegunError

    if is_said:
        with pytest.raises(BegunError):
            run(sample_exports, tmp_path / "r", asked, begin=begin)
        assert 40 < told[0] < 100
    else:
        run(sample_exports, tmp_path / "r", asked, begin=begin)
        assert told == []


def test_missing_exports_say_how_to_make_them(tmp_path):
    finished = analysis_as_process("run", exports=tmp_path / "none", results=tmp_path / "r")
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: no recognition_panel.parquet")
    assert "make build" in finished.stderr


def test_damaged_exports_are_one_line(sample_exports, tmp_path):
    shutil.copytree(sample_exports, tmp_path / "exports")
    (tmp_path / "exports" / "recognition_panel.parquet").write_bytes(b"PAR1 nothing")
    finished = analysis("run", exports=tmp_path / "exports", results=tmp_path / "r")
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: the exports in")
    assert len(finished.stderr.splitlines()) == 1


@pytest.mark.usefixtures("with_one_figure")
def test_a_folder_that_cannot_be_written_is_one_line(sample_exports, tmp_path):
    (tmp_path / "file").write_text("no folder")
    finished = analysis(
        "run", "DM8.as_it_is", exports=sample_exports, results=tmp_path / "file" / "results"
    )
    assert finished.returncode == 1
    assert "error: cannot write the results" in finished.stderr


def test_new_results_replace_old_ones_as_a_whole(tmp_path):
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
    replace_folder(tmp_path / "new", tmp_path / "old")
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["new.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]


def test_the_project_knows_its_commit():
    assert set(revision()) == {"commit", "is_changed"}


@pytest.mark.slow
@pytest.mark.usefixtures("with_one_figure")
def test_a_run_keeps_the_calibration_of_the_same_exports_only(sample_exports, tmp_path):
    results = tmp_path / "r"
    finished = analysis(
        "calibrate", "RR3", "--worlds", "exposure_only", "--draws", 2, "--jackknife-draws", 1,
        exports=sample_exports, results=results,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert rows(results, "calibration", where="specification_id = 'RR3' and n_draws = 2")
    assert list((results / "tables").glob("calibration*.html"))
    before = (results / "calibration.parquet").read_bytes()
    analysis("run", "DM8.as_it_is", "--quiet", exports=sample_exports, results=results)
    assert (results / "calibration.parquet").read_bytes() == before

    records.write_table("calibration", [{"landing_hash": "another"}], results)
    analysis("run", "DM8.as_it_is", "--quiet", exports=sample_exports, results=results)
    assert not (results / "calibration.parquet").exists()


def test_a_failure_that_nobody_foresaw_ends_its_specification_and_not_the_run(monkeypatch):
    def fails(context, specification):
        raise EstimationError("something new")

    one = all_specifications()[0]
    monkeypatch.setitem(METHODS, one.method, fails)
    with duckdb.connect() as connection:
        context = SimpleNamespace(exports=SimpleNamespace(connection=connection))
        (result,) = results_of(context, one)
    assert (result.status, result.reason) == ("failed", "something new")


def test_a_table_without_a_row_is_not_written():
    one, other = all_specifications()[:2]
    results = [
        Result(one, "ok", tables={"balance": [], "designs": [{"fact": "n", "value": 3}]}),
        Result(other, "ok", tables={"balance": []}),
    ]
    assert further_tables(results) == {
        "designs": [{"specification_id": one.specification_id, "fact": "n", "value": 3}]
    }
