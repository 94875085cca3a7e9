"""What can go wrong goes wrong in one line, and leaves the previous database and exports alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from running import DATABASE, PART_WITHOUT_TESTS, SAMPLE, contents, refusal, run_build, surroundings

from hub_lineage import build
from hub_lineage.files import replace_files
from support import REPOSITORY, dbt, item, read, write_landing

SNAPSHOT = "20261003T131904Z"


@pytest.fixture
def landing(tmp_path) -> Path:
    """A landing with one complete snapshot of two models."""
    items = [item("acme/base", "2024-01-01"), item("acme/tune", "2024-02-01", ["acme/base"])]
    return write_landing(tmp_path / "landing", {SNAPSHOT: items})


def snapshot(landing: Path, name: str = SNAPSHOT) -> Path:
    return landing / "hub_models" / f"snapshot_id={name}"


def wreck(part: Path) -> None:
    """Cut a Parquet file in its middle, as a full disk or a broken copy does."""
    part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])


def unfinished(landing: Path, name: str) -> Path:
    """Add a snapshot that a crawl has not finished, with a part that cannot be read."""
    folder = snapshot(landing, name)
    folder.mkdir()
    (folder / "part-00000.parquet").write_bytes(b"PAR1 and no more")
    manifest = {"snapshot_id": name, "started_at": "2020-01-01T00:00:00Z", "status": "running"}
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return folder


def words(line: str, *expected: str) -> None:
    """The line says each of these, and ends in something to do rather than in a stack."""
    missing = [word for word in expected if word not in line]
    assert not missing, f"{missing} not in: {line}"
    assert "Traceback" not in line


# the landing, refused before anything is built


def test_a_landing_that_is_not_there(tmp_path):
    line = refusal(run_build(tmp_path, landing=tmp_path / "none"))
    words(line, "no landing at", str(tmp_path / "none"), "HUB_LANDING", "loaders import")
    assert list(tmp_path.iterdir()) == []


def test_a_landing_without_a_complete_snapshot(tmp_path):
    items = [item("acme/base", "2024-01-01")]
    landing = write_landing(tmp_path / "landing", {SNAPSHOT: items}, status="running")
    line = refusal(run_build(tmp_path, landing=landing))
    words(line, "no complete snapshot", "1 there", "finish the crawl")


@pytest.mark.parametrize("text", ["{broken", "", "[]", '"complete"', '{"status": "complete"}'])
def test_a_manifest_that_is_no_manifest(tmp_path, landing, text):
    (snapshot(landing) / "_manifest.json").write_text(text)
    line = refusal(run_build(tmp_path, landing=landing))
    words(line, SNAPSHOT, "_manifest.json", "land the snapshot again")


def test_what_is_no_complete_snapshot_stops_no_build(tmp_path, landing):
    for name, text in {
        "20261004T000000Z": '{"snapshot_id": "2026',
        "20261005T000000Z": None,
    }.items():
        folder = snapshot(landing, name)
        folder.mkdir()
        (folder / "part-00000.parquet").write_bytes(b"half a part")
        if text is not None:
            (folder / "_manifest.json").write_text(text)
    finished = run_build(tmp_path, "--select", "stg_hub__snapshots", landing=landing)
    assert finished.returncode == 0, finished.stderr
    words(finished.stderr, "notice: not read:", "20261004T000000Z", "20261005T000000Z")


@pytest.mark.parametrize("damage", [wreck, lambda part: part.write_bytes(b"")])
def test_a_part_that_cannot_be_read(tmp_path, landing, damage):
    part = snapshot(landing) / "part-00000.parquet"
    damage(part)
    line = refusal(run_build(tmp_path, landing=landing))
    words(line, str(part), "cannot be read", "land the snapshot again")


@pytest.mark.parametrize("promised", [1, 3])
def test_a_snapshot_that_has_lost_rows(tmp_path, landing, promised):
    manifest = snapshot(landing) / "_manifest.json"
    ours = {"rows": promised, "parts": [{"name": "part-00000.parquet", "rows": 2, "sha256": ""}]}
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | ours))
    line = refusal(run_build(tmp_path, landing=landing))
    words(line, SNAPSHOT, "2 rows", f"promises {promised}", "land the snapshot again")


@pytest.mark.parametrize("run", ["build.py", "dbt"])
def test_a_snapshot_whose_manifest_says_another_date_than_its_folder(tmp_path, landing, run):
    manifest = snapshot(landing) / "_manifest.json"
    other = {"started_at": "2026-10-10T13:19:04Z"}
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | other))
    if run == "dbt":
        finished = dbt("build", landing=landing, database=tmp_path / DATABASE, expect=2)
        [line] = [line for line in finished.stdout.splitlines() if SNAPSHOT in line]
    else:
        line = refusal(run_build(tmp_path, landing=landing))
    words(line, SNAPSHOT, "another date", "2026-10-10T13:19:04", "land the snapshot again")


@pytest.mark.parametrize(
    ("name", "started_at"),
    [
        (SNAPSHOT, "2026-10-03T15:19:04.5+02:00"),
        (SNAPSHOT, "2026-10-03"),
        ("first-week", "2020-01-01"),
    ],
)
def test_a_date_that_is_written_in_another_way_is_no_other_date(landing, name, started_at):
    folder = snapshot(landing).rename(snapshot(landing, name))
    manifest = folder / "_manifest.json"
    written = {"started_at": started_at}
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | written))
    assert [one.folder for one in build.check_landing(landing)] == [folder]


def test_a_complete_snapshot_without_parts(tmp_path, landing):
    (snapshot(landing) / "part-00000.parquet").unlink()
    line = refusal(run_build(tmp_path, landing=landing))
    words(line, SNAPSHOT, "no part", "land the snapshot again")


def without_a_column(part: Path) -> None:
    """Write a part anew without the texts of its items."""
    with duckdb.connect() as connection:
        connection.execute(f"create table part as select * exclude (raw_json) from '{part}'")
        connection.execute(f"copy part to '{part}' (format parquet)")


def test_a_part_without_a_needed_column(tmp_path, landing):
    part = snapshot(landing) / "part-00000.parquet"
    without_a_column(part)
    line = refusal(run_build(tmp_path, landing=landing))
    words(line, str(part), "raw_json", "land the snapshot again")


@pytest.mark.parametrize("damage", [wreck, without_a_column, lambda part: part.unlink()])
def test_a_bad_week_of_a_history_is_named_and_what_was_built_stands(tmp_path, damage):
    """Whichever week it is; without it, all that is left can be built."""
    days = ("2025-01-06", "2025-01-13", "2025-01-20")
    landing = write_landing(tmp_path / "landing", {day: [item("acme/base")] for day in days})
    bad = snapshot(landing, "20250113T000000Z")
    damage(bad / "part-00000.parquet")
    for built in (tmp_path / DATABASE, tmp_path / "exports" / "hub_models.parquet"):
        built.parent.mkdir(exist_ok=True)
        built.write_bytes(b"of the weeks before")
    before = contents(tmp_path)
    line = refusal(run_build(tmp_path, landing=landing))
    words(line, bad.name, "land the snapshot again, or remove its folder")
    assert contents(tmp_path) == before
    shutil.rmtree(bad)
    left = [one.snapshot_id for one in build.check_landing(landing)]
    assert left == ["20250106T000000Z", "20250120T000000Z"]


# the arguments, refused before anything is built


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--vars", "{a: ["], ["--vars", "not a YAML mapping", "zero_parent_rule: one"]),
        (["--vars", "edge_phases"], ["not a YAML mapping"]),
        (["--vars"], ["not a YAML mapping"]),
        (["--vars={edge_phase: [hub]}"], ["edge_phase'", "do you mean edge_phases?", "known: "]),
        (["--vars", "{nosuch: 1}"], ["unknown variable 'nosuch'", "known: ", "creation_floor"]),
        (["--target", "memory"], ["--target", "dbt build"]),
        (["--empty"], ["--empty", "dbt build"]),
        (["--target-path=elsewhere"], ["--target-path", "dbt build"]),
    ],
)
def test_an_argument_that_makes_no_sense(tmp_path, arguments, expected):
    finished = run_build(tmp_path, *arguments)
    words(refusal(finished), *expected)
    assert finished.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_help_builds_nothing(tmp_path):
    finished = run_build(tmp_path, "--help")
    assert finished.returncode == 0
    assert "HUB_LANDING" in finished.stdout
    assert list(tmp_path.iterdir()) == []


# the places, refused before anything is built


@pytest.mark.parametrize("content", [b"", b"name,downloads\nacme/base,1\n" * 500])
def test_a_database_that_is_none(tmp_path, content):
    (tmp_path / DATABASE).write_bytes(content)
    line = refusal(run_build(tmp_path))
    words(line, DATABASE, "cannot be opened as a DuckDB database", "move it away", "HUB_DATABASE")
    assert (tmp_path / DATABASE).read_bytes() == content


def test_a_folder_where_the_database_should_be(tmp_path):
    (tmp_path / DATABASE).mkdir()
    words(refusal(run_build(tmp_path)), DATABASE, "cannot be opened", "HUB_DATABASE")


@pytest.mark.parametrize("variable", ["HUB_DATABASE", "HUB_EXPORTS"])
def test_a_place_that_cannot_be_written(tmp_path, variable):
    (tmp_path / "file").write_text("no folder")
    place = tmp_path / "file" / ("x.duckdb" if variable == "HUB_DATABASE" else "exports")
    line = refusal(run_build(tmp_path, **{variable.removeprefix("HUB_").lower(): place}))
    words(line, "cannot write", str(tmp_path / "file"), variable)
    assert contents(tmp_path).keys() == {"file"}


@pytest.mark.parametrize("sign", "?#")
def test_a_folder_that_dbt_would_cut_short(tmp_path, sign):
    line = refusal(run_build(tmp_path, database=tmp_path / f"what{sign}" / DATABASE))
    words(line, f"what{sign}", "HUB_DATABASE", "another folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    line = refusal(run_build(tmp_path, database=tmp_path / "closed" / DATABASE))
    words(line, "cannot write", "HUB_DATABASE")


def opened(database: Path, *, read_only: bool) -> subprocess.Popen:
    """Another program that has a database open and holds a row in view until it is ended."""
    code = (
        "import duckdb, sys\n"
        f"connection = duckdb.connect({str(database)!r}, read_only={read_only})\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(connection.execute('select count(*) from marts.hub_models').fetchone()[0])\n"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout.readline() == "open\n"
    return program


def test_a_database_that_is_written_to_elsewhere(workplace):
    before = contents(workplace)
    program = opened(workplace / DATABASE, read_only=False)
    try:
        line = refusal(run_build(workplace))
    finally:
        program.communicate("\n")
    words(line, DATABASE, "open for writing in another program", "close it", "HUB_DATABASE")
    assert contents(workplace) == before


# failures within dbt


def test_a_selection_that_matches_nothing(workplace):
    before = contents(workplace)
    finished = run_build(workplace, "--select", "nosuch")
    words(refusal(finished), "'nosuch'", "does not match", "as they were")
    assert_as_it_was(workplace, before)


def test_an_option_that_dbt_does_not_know(workplace):
    before = contents(workplace)
    finished = run_build(workplace, "--nosuch")
    words(refusal(finished), "--nosuch", "as they were")
    assert finished.returncode == 2
    assert_as_it_was(workplace, before)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("{zero_parent_rule: two}", ["zero_parent_rule is 'two'", "must be exclude or one"]),
        pytest.param(
            "{edge_owners: some}",
            ["edge_owners is 'some'", "all, other_owner or not_bulk"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "{edge_relations: [copy]}",
            ["edge_relations names an unknown relation 'copy'"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "{edge_relations: merge}",
            ["edge_relations must be a list of relations"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "{horizon_gap_days: -1}",
            ["horizon_gap_days is '-1'", "whole number"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_variable_with_a_value_that_nobody_understands(workplace, variables, expected):
    before = contents(workplace)
    finished = run_build(workplace, "--vars", variables)
    words(refusal(finished), *expected, "as they were")
    assert_as_it_was(workplace, before)


def assert_as_it_was(folder: Path, before: dict[str, str]) -> None:
    """All files are as before, but for those of the unfinished build in its hidden folder."""
    now = contents(folder)
    building = f".{DATABASE}.building/"
    assert {name: now[name] for name in now if not name.startswith(building)} == before


@pytest.fixture(scope="module")
def flawed(tmp_path_factory) -> Path:
    """A copy of the project with a test that fails whenever it is run."""
    copy = tmp_path_factory.mktemp("flawed") / "project"
    copy.mkdir()
    for name in ("models", "macros", "seeds", "tests", "hub_lineage", "analysis"):
        shutil.copytree(
            REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("*.pyc", "__pycache__")
        )
    for name in ("build.py", "dbt_project.yml", "profiles.yml", "selectors.yml"):
        shutil.copy(REPOSITORY / name, copy / name)
    (copy / "tests/invariants/assert_planted.sql").write_text(
        "select snapshot_id from {{ ref('stg_hub__snapshots') }}\n"
    )
    return copy


@pytest.mark.slow
def test_a_failing_test_leaves_everything_as_it_was(workplace, flawed, landing):
    before = contents(workplace)
    finished = run_build(
        workplace,
        *("--select", "stg_hub__snapshots"),
        program=flawed / "build.py",
        landing=landing,
    )
    assert finished.returncode == 1
    words(refusal(finished), "assert_planted", "Got 1 result", "as they were", ".building")
    assert_as_it_was(workplace, before)
    # The unfinished database is there to look at, with what the failing test saw.
    seen = read(
        workplace / f".{DATABASE}.building" / DATABASE,
        "select snapshot_id from staging.stg_hub__snapshots",
    )
    assert seen == [{"snapshot_id": SNAPSHOT}]


@pytest.mark.slow
def test_a_failing_model_leaves_everything_as_it_was(workplace, tmp_path):
    before = contents(workplace)
    landing = tmp_path / "sample"
    shutil.copytree(SAMPLE, landing)
    [part] = snapshot(landing, "20260827T040000Z").glob("part-*.parquet")
    data = bytearray(part.read_bytes())
    # The footer is sound, what lies before it is not.
    data[1000:3000] = bytes(2000)
    part.write_bytes(data)
    finished = run_build(workplace, "--select", "stg_hub__snapshots+1", landing=landing)
    assert finished.returncode == 1
    line = refusal(finished)
    words(line, f"{part} is damaged", "land its snapshot again", "as they were", "stg_hub__items")
    assert_as_it_was(workplace, before)


# several builds at a time


def started(folder: Path, *arguments: str, **options: str | Path) -> subprocess.Popen:
    """A build on its way: dbt has opened the new database."""
    program = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "build.py"), *arguments],
        cwd=folder,
        env=surroundings(folder, **options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    made = folder / f".{DATABASE}.building" / DATABASE
    for _ in range(600):
        if made.exists() or program.poll() is not None:
            break
        time.sleep(0.1)
    assert made.exists(), program.stderr.read()
    return program


def test_one_build_at_a_time_and_a_killed_one_leaves_no_trace(workplace, landing):
    before = contents(workplace)
    first = started(workplace, landing=landing)
    try:
        line = refusal(run_build(workplace, landing=landing))
        words(line, "another build", DATABASE, "under way", "wait")
        other = refusal(run_build(workplace, database=workplace / "other.duckdb"))
        words(other, "another build", "exports", "HUB_EXPORTS")
        assert first.poll() is None
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    assert_as_it_was(workplace, before | contents_of_killed(workplace))
    # What another program left when it crashed belongs to the old database alone.
    crash_while_writing(workplace / DATABASE)
    reader = opened(workplace / DATABASE, read_only=True)
    # The next build goes through, though nobody cleared up; the reader keeps what it sees.
    finished = run_build(workplace, "--select", "stg_hub__snapshots", landing=landing)
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr
    assert finished.stderr == ""
    assert reader.communicate("\n")[0] == "4220\n"
    assert sorted(path.name for path in workplace.iterdir()) == ["exports", DATABASE]
    assert contents(workplace / "exports").keys() == contents_below(before, "exports/")
    seen = read(workplace / DATABASE, "select snapshot_id from staging.stg_hub__snapshots")
    assert seen == [{"snapshot_id": SNAPSHOT}]
    # A part is built upon all of the present database, on what was not yet in its file too.
    assert read(workplace / DATABASE, "select note from main.notes") == [{"note": 1}]


def crash_while_writing(database: Path) -> None:
    """Another program writes a table and is killed: the table is in a file beside the database."""
    code = (
        "import duckdb, os\n"
        f"connection = duckdb.connect({str(database)!r})\n"
        "connection.execute('create table main.notes as select 1 as note')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert database.with_name(f"{database.name}.wal").exists()


def contents_of_killed(folder: Path) -> dict[str, str]:
    """What a killed build leaves beside the exports: an empty hidden folder, or parts of them."""
    return {
        name: digest
        for name, digest in contents(folder).items()
        if name.startswith("exports/.building/")
    }


def contents_below(files: dict[str, str], folder: str) -> set[str]:
    return {name.removeprefix(folder) for name in files if name.startswith(folder)}


def test_a_file_that_cannot_be_replaced_puts_all_of_them_back(tmp_path):
    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        folder.mkdir()
        for name in ("first", "second", "third"):
            (folder / name).write_text(f"{folder.name} {name}")
    (old / "second").unlink()
    (old / "third").unlink()
    (old / "third").mkdir()
    before = contents(old)
    with pytest.raises(OSError, match="third"):
        replace_files([(new / name, old / name) for name in ("first", "second", "third")])
    assert contents(old) == before
    assert (old / "third").is_dir()


# folders of all names, from anywhere, side by side


@pytest.mark.slow
def test_builds_side_by_side_in_folders_of_any_name(built, tmp_path):
    """Two builds at once: `make -C` with relative paths, and odd names with absolute ones."""
    odd = tmp_path / 'it\'s "odd" {0} [1] été *'
    plain = tmp_path / "plain"
    odd.mkdir()
    plain.mkdir()
    landing = shutil.copytree(SAMPLE, odd / "landing?")
    # Unfinished snapshots hurt nobody, whatever is wrong with their parts.
    unfinished(landing, "20200101T000000Z")
    unfinished(landing, "20290101T000000Z")
    # A star in the name must not find this one too.
    shutil.copytree(SAMPLE, tmp_path / 'it\'s "odd" {0} [1] été xx' / "landing?")
    selection = ("--select", "+lineage_edges", *PART_WITHOUT_TESTS)
    first = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "build.py"), *selection],
        cwd=tmp_path,
        env=surroundings(odd, landing=landing, database=odd / "marts.duckdb"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    arguments = " ".join(selection)
    second = subprocess.run(
        command_for_make(arguments),
        cwd=tmp_path,
        env=surroundings(
            plain,
            landing=os.path.relpath(SAMPLE, REPOSITORY),
            database=os.path.relpath(plain / DATABASE, REPOSITORY),
            exports=os.path.relpath(plain / "exports", REPOSITORY),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    output, errors = first.communicate()
    assert first.returncode == 0, output[-2000:] + errors
    assert second.returncode == 0, second.stdout[-2000:] + second.stderr
    expected = (built / "exports/lineage_edges.parquet").read_bytes()
    assert (odd / "exports/lineage_edges.parquet").read_bytes() == expected
    assert (plain / "exports/lineage_edges.parquet").read_bytes() == expected
    assert sorted(path.name for path in odd.iterdir()) == ["exports", "landing?", "marts.duckdb"]
    assert sorted(path.name for path in plain.iterdir()) == ["exports", DATABASE]


def command_for_make(arguments: str) -> list[str]:
    """`make -C`, where make and the environment are there; else what it runs."""
    if shutil.which("make") and (REPOSITORY / ".venv/bin/python").exists():
        keep = [
            f"--old-file={name}" for name in ("requirements/build.txt", ".venv/installed-build")
        ]
        return ["make", "-C", str(REPOSITORY), *keep, "build", f"ARGUMENTS={arguments}"]
    return [sys.executable, str(REPOSITORY / "build.py"), *arguments.split()]


# plain dbt says the same


@pytest.mark.parametrize(
    ("damage", "variables", "expected"),
    [
        (lambda folder: shutil.rmtree(folder.parents[1]), {}, ["no landing at", "HUB_LANDING"]),
        pytest.param(
            lambda folder: (folder / "_manifest.json").write_text("{broken"),
            {},
            [SNAPSHOT, "broken _manifest.json", "no complete snapshot"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            lambda folder: (folder / "part-00000.parquet").unlink(),
            {},
            [SNAPSHOT, "no part-*.parquet", "land the snapshot again"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            lambda folder: None,
            {"nosuch": 1},
            ["unknown variable 'nosuch'", "known: edge_phases"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["no landing", "broken manifest", "no parts", "unknown variable"],
)
@pytest.mark.xdist_group("plain dbt")
def test_plain_dbt_stops_before_it_builds(tmp_path, landing, damage, variables, expected):
    damage(snapshot(landing))
    finished = dbt(
        *("build", "--select", "disruption_windows"),
        landing=landing,
        database=tmp_path / DATABASE,
        variables=variables,
        expect=2,
    )
    words(" ".join(finished.stdout.split()), *expected)
    assert "Traceback" not in finished.stdout + finished.stderr
