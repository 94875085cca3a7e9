"""The folder that is handed on: complete, described truly, checked, the same each time."""

import hashlib
import itertools
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import duckdb
import frictionless
import mlcroissant
import pytest
import yaml
from publications import publish, rows

from analysis.figures import FIGURES
from analysis.publish import publishing
from analysis.publish.croissant import check_croissant
from analysis.publish.data_package import check_data_package
from analysis.publish.facts import Facts
from analysis.publish.published_tables import Table
from analysis.publish.publishing import Options
from analysis.studies.variables import open_exports
from hub_lineage.errors import StudyError
from hub_lineage.scopes import scope_of
from support import REPOSITORY

pytestmark = pytest.mark.xdist_group("publishing")


@pytest.fixture(scope="module")
def folder(published) -> Path:
    return published / "data"


@pytest.fixture(scope="module")
def marts(exports) -> list[str]:
    return sorted(path.stem for path in exports.glob("*.parquet"))


def files(folder: Path) -> dict[str, str]:
    """SHA-256 of each file by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_mart_is_handed_on_byte_by_byte(folder, exports, marts):
    assert files(folder / "data") == files(exports)
    assert marts == sorted(path.stem for path in (REPOSITORY / "models/marts").glob("*.sql"))


def test_checksums_name_every_file_and_hold(folder):
    listed = (folder / "checksums.sha256").read_text().splitlines()
    found = files(folder)
    del found["checksums.sha256"]
    assert dict(line.split("  ", 1)[::-1] for line in listed) == found
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "checksums.sha256"], cwd=folder, check=False
    )
    assert checked.returncode == 0


def test_the_card_says_how_the_set_is_read_from_the_hub(folder):
    """The folder was made with `--push somebody/hub_lineage`."""
    text = (folder / "README.md").read_text()
    assert 'load_dataset("somebody/hub_lineage", "lineage_edges", split="train")' in text
    for path in re.findall(r"hf://datasets/somebody/hub_lineage/([\w/.]+)", text):
        assert (folder / path).is_file()
    assert "HfFileSystem" in text


def test_the_card_has_one_configuration_per_table_and_says_what_it_is(folder, exports, marts):
    _, header, text = (folder / "README.md").read_text().split("---\n", 2)
    header = yaml.safe_load(header)
    assert [one["config_name"] for one in header["configs"]] == marts
    for one in header["configs"]:
        (part,) = one["data_files"]
        assert (folder / part["path"]).exists()
    assert [one["config_name"] for one in header["configs"] if one.get("default")] == ["hub_models"]
    assert header["license"] == "apache-2.0"
    n = rows(f"select count(*) from '{exports}/hub_models.parquet'")[0][0]
    snapshot = rows(f"select max(snapshot_id) from '{exports}/model_metrics.parquet'")[0][0]
    assert f"Snapshot {snapshot}, the made-up sample" in text
    assert f"N = {n:,} models" in text


def test_the_dictionary_describes_every_column(folder, exports, marts):
    text = (folder / "DICTIONARY.md").read_text()
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    assert sorted(sections) == marts
    for mart in marts:
        columns = rows(f"describe from '{exports}/{mart}.parquet'")
        described = [line.split("`")[1] for line in sections[mart].splitlines() if "| `" in line]
        assert sorted(described) == sorted(column[0] for column in columns)
        assert all(f"| `{column[0]}` | {column[1]} |" in sections[mart] for column in columns)


@pytest.mark.parametrize("mart", ["lineage_edges", "disruption", "concentration"])
def test_mlcroissant_reads_the_records_without_a_network(folder, exports, mart, no_network):
    """Nulls, lists and numbers come back as DuckDB reads them."""
    dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
    assert not dataset.metadata.issues.errors
    records = list(itertools.islice(iter(dataset.records(mart)), 50))
    with duckdb.connect() as connection:
        cursor = connection.execute(f"from '{exports}/{mart}.parquet' limit 50")
        names = [column[0] for column in cursor.description]
        expected = cursor.fetchall()
    assert len(records) == min(50, len(expected)) > 0
    for record, row in zip(records, expected, strict=True):
        for name, value in zip(names, row, strict=True):
            read = record[f"{mart}/{name}"]
            if value is None:
                assert read is None or read != read
            elif isinstance(value, list):
                assert [
                    text.decode() if isinstance(text, bytes) else text for text in read
                ] == value
            elif isinstance(value, str):
                assert (read.decode() if isinstance(read, bytes) else read) == value
            elif isinstance(value, bool | int | float):
                assert read == pytest.approx(value, rel=1e-12)


def test_frictionless_finds_the_package_valid_without_a_network(folder, marts, no_network):
    package = frictionless.Package(str(folder / "datapackage.json"))
    assert package.resource_names == marts
    assert package.validate(limit_rows=20).valid


def test_a_package_that_promises_another_type_is_refused(folder, tmp_path):
    (tmp_path / "data").symlink_to(folder / "data")
    package = json.loads((folder / "datapackage.json").read_text())
    package["resources"][0]["schema"]["fields"][0]["type"] = "date"
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    with pytest.raises(StudyError, match="frictionless refuses"):
        check_data_package(tmp_path, 20)


def test_metadata_that_promise_more_rows_than_the_file_has_are_refused(folder, exports, project):
    (n_rows,) = rows(f"select count(*) from '{exports}/concentration.parquet'")[0]
    table = Table(project.marts["concentration"], Path("concentration.parquet"), n_rows + 1)
    facts = Facts("s", "h", "sample", "x", "", "0", False, 1, 1, 1, [table], [])
    with pytest.raises(StudyError, match=f"mlcroissant read {n_rows} records of concentration"):
        check_croissant(facts, folder, n_rows + 1)


def test_metadata_of_another_file_are_refused(folder, tmp_path, project):
    """Croissant holds the hash of each file."""
    (tmp_path / "data").mkdir()
    for path in (folder / "data").iterdir():
        (tmp_path / "data" / path.name).symlink_to(path)
    changed = tmp_path / "data/concentration.parquet"
    changed.unlink()
    changed.write_bytes((folder / "data/concentration.parquet").read_bytes() + b"PAR1")
    (tmp_path / "croissant.json").write_text((folder / "croissant.json").read_text())
    table = Table(project.marts["concentration"], changed, 1)
    facts = Facts("s", "h", "sample", "x", "", "0", False, 1, 1, 1, [table], [])
    with pytest.raises(StudyError, match="mlcroissant"):
        check_croissant(facts, tmp_path, 1)


def opened(folder: Path, monkeypatch) -> duckdb.DuckDBPyConnection:
    """A database in the folder, after `sql/open.sql`."""
    monkeypatch.chdir(folder)
    connection = duckdb.connect()
    connection.execute(Path("sql/open.sql").read_text())
    return connection


def test_every_query_runs_in_the_folder(folder, marts, monkeypatch):
    """Of the figures those are there whose tables are: without results, the marts' own."""
    figures = {path.stem for path in (folder / "sql/figures").glob("*.sql")}
    assert figures == {one.name for one in FIGURES if set(one.reads) <= set(marts)}
    with opened(folder, monkeypatch) as connection:
        for kind in ("questions", "claims", "specifications", "figures"):
            paths = sorted(Path("sql", kind).glob("*.sql"))
            assert len(paths) >= 5
            for path in paths:
                try:
                    connection.execute(path.read_text())
                except duckdb.Error as error:
                    pytest.fail(f"{path}: {error}")


def test_a_question_answers_as_the_marts_do(folder, exports, monkeypatch):
    with opened(folder, monkeypatch) as connection:
        found = connection.execute(Path("sql/questions/largest_races.sql").read_text()).fetchall()
    (expected,) = rows(
        f"select parent_id, count(*) from '{exports}/lineage_edges.parquet' "
        "group by 1 order by 2 desc, 1 limit 1"
    )
    assert expected[0] in found[0]
    assert expected[1] in found[0]


def test_each_mart_has_the_sql_that_makes_it(folder, marts):
    assert {path.stem for path in (folder / "sql/models/marts").glob("*.sql")} == set(marts)
    text = (folder / "sql/models/marts/crowding.sql").read_text()
    assert "intermediate.int_rivals_counted" in text
    assert "{{" not in text


def test_no_file_names_a_folder_of_this_machine(folder, exports):
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            text = path.read_text(encoding="utf-8")
            for place in (REPOSITORY, exports, folder.parent):
                assert str(place) not in text, path


def test_a_dry_run_lists_every_file_with_its_size(published, folder):
    _, _, listed = (published / "output").read_text().partition("dry run")
    sizes = dict(line.split()[::-1] for line in listed.splitlines()[1:-1])
    assert {name: int(size.replace(",", "")) for name, size in sizes.items()} == {
        name: (folder / name).stat().st_size for name in files(folder)
    }


@pytest.mark.slow
def test_the_same_exports_and_results_give_the_same_bytes(exports, project, tmp_path, monkeypatch):
    """Results, and the SQL of their figures, go along only if made from these very exports."""
    monkeypatch.setattr(publishing, "CHECKED_ROWS", 2)
    opened_exports = open_exports(exports)
    made = {"ours": opened_exports.content_hash, "others": "0" * 64}
    found = {}
    for name, content_hash in made.items():
        results = tmp_path / name
        results.mkdir()
        with duckdb.connect() as connection:
            connection.execute(f"copy (select 1 as n) to '{results}/estimates.parquet'")
        (results / "manifest.json").write_text(json.dumps({"landing_hash": content_hash}))
        for time in ("first", "second"):
            target = tmp_path / f"{name}_{time}"
            publishing.publish(opened_exports, results, target, project, Options("sample", "x"))
            found[name, time] = files(target)
    assert found["ours", "first"] == found["ours", "second"]
    assert found["others", "first"] == found["others", "second"]
    beside = set(found["ours", "first"]) - set(found["others", "first"])
    of_estimates = {one.name for one in FIGURES if one.reads == ("estimates",)}
    assert of_estimates
    assert beside == {
        "results/estimates.parquet",
        *(f"sql/figures/{name}.sql" for name in of_estimates),
    }


# what is refused


def test_a_folder_with_other_files_is_left_alone(tmp_path, exports):
    (tmp_path / "thesis.txt").write_text("years of work")
    finished = publish("--to", tmp_path, exports=exports)
    assert finished.returncode == 1
    assert finished.stderr == (
        f"error: {tmp_path} holds files that do not belong to a publication (thesis.txt): "
        "choose an empty folder\n"
    )
    assert files(tmp_path).keys() == {"thesis.txt"}


def test_a_file_put_into_an_earlier_publication_is_not_lost(folder, tmp_path):
    target = tmp_path / "published"
    target.mkdir()
    (target / "checksums.sha256").write_text(f"{'0' * 64}  data/hub_models.parquet\n")
    (target / "data").mkdir()
    (target / "data/hub_models.parquet").write_text("")
    publishing.check_target(target)
    (target / "notes.md").write_text("mine")
    with pytest.raises(StudyError, match=r"notes\.md"):
        publishing.check_target(target)


def fail_in(target: Path) -> None:
    with publishing.new_folder(target) as new:
        (new / "half").write_text("")
        raise OSError("no room")


def test_a_publication_that_fails_leaves_the_earlier_one(tmp_path):
    target = tmp_path / "published"
    target.mkdir()
    (target / "checksums.sha256").write_text("")
    with pytest.raises(StudyError, match="no room"):
        fail_in(target)
    assert [path.name for path in tmp_path.iterdir()] == ["published"]
    with publishing.new_folder(target) as new:
        (new / "whole").write_text("")
    assert files(tmp_path).keys() == {"published/whole"}


def test_a_publication_that_is_killed_clears_up_at_the_next_call(tmp_path):
    target = tmp_path / "published"
    left = tmp_path / ".published.building/new"
    left.mkdir(parents=True)
    (left / "half").write_text("")
    with publishing.new_folder(target) as new:
        (new / "whole").write_text("")
    assert files(tmp_path).keys() == {"published/whole"}


def test_a_file_of_results_whose_name_is_sql_is_not_handed_on(exports, tmp_path):
    opened = open_exports(exports)
    (tmp_path / "manifest.json").write_text(json.dumps({"landing_hash": opened.content_hash}))
    (tmp_path / "x as select 1; drop view hub_models; --.parquet").write_text("")
    with pytest.raises(StudyError, match="is not a table of results"):
        publishing.copy_results(opened, tmp_path, tmp_path / "out")


def test_exports_of_another_version_are_refused(exports, project, tmp_path):
    mart = project.marts["concentration"]
    other = replace(mart, columns=mart.columns[1:])
    changed = replace(project, marts={**project.marts, "concentration": other})
    with pytest.raises(StudyError, match="does not have the columns of this version"):
        publishing.publish(
            open_exports(exports), tmp_path, tmp_path / "out", changed, Options("sample")
        )
    assert not list(tmp_path.iterdir())


def test_the_made_up_sample_cannot_pass_for_the_hub(exports):
    sample = open_exports(exports)
    assert scope_of(sample.snapshot_id, None) == "sample"
    with pytest.raises(StudyError, match="is the made-up sample"):
        scope_of(sample.snapshot_id, "full")
    other = replace(sample, snapshot_id="20991231T000000Z")
    assert scope_of(other.snapshot_id, None) == "selection"
    assert scope_of(other.snapshot_id, "full") == "full"
    with pytest.raises(StudyError, match="is not the made-up sample"):
        scope_of(other.snapshot_id, "sample")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["--hash-owners"], 2, "HUB_SALT"),
        (["--dry-run"], 2, "--push"),
        (["--push", "no_owner", "--dry-run"], 2, "OWNER/NAME"),
        (["--push", "a/b/c"], 2, "--push"),
    ],
)
def test_wrong_use_is_told_in_one_line(arguments, exit_code, says, exports, tmp_path):
    finished = publish("--to", tmp_path / "out", *arguments, exports=exports)
    assert finished.returncode == exit_code
    assert finished.stderr.startswith("error: ")
    assert finished.stderr.count("\n") == 1
    assert says in finished.stderr
    assert not (tmp_path / "out").exists()
