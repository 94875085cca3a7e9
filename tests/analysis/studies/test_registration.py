"""The record of designs: append-only, equal to the files as they are, and honest about changes."""

import subprocess

import pytest
import yaml

from analysis.studies.registration import (
    changes,
    design_in,
    entries,
    hash_of,
    refuse_a_change,
    register,
    registered,
)
from hub_lineage.errors import StudyError
from support import REPOSITORY

SPECIFICATIONS = """
samples: {main: {sql: "true"}}
specifications:
  - {id: X1, outcome: likes}
  - {id: X2, outcome: likes}
"""
CLAIMS = "claims: [{claim_id: A1, claim: More.}]\n"


@pytest.fixture
def folder(tmp_path):
    """A design in a repository of its own, not yet committed."""
    (tmp_path / "specifications.yml").write_text(SPECIFICATIONS)
    (tmp_path / "claims.yml").write_text(CLAIMS)
    git(tmp_path, "init", "--quiet")
    return tmp_path


def git(folder, *arguments: str) -> None:
    options = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    subprocess.run(["git", *options, *arguments], cwd=folder, check=True)


def commit(folder, day: str) -> None:
    git(folder, "add", "specifications.yml", "claims.yml")
    git(folder, "commit", "--quiet", "--message", "Design", "--date", day)


# the committed record


def test_the_last_entry_is_the_present_design():
    assert entries()[-1]["hash"] == hash_of(design_in()), (
        "the design has changed: record it with `python -m analysis register --why TEXT`"
    )


def test_each_entry_of_the_record_says_when_what_and_why():
    record = entries()
    assert record
    for entry in record:
        assert list(entry) == ["date", "hash", "changed", "why"]
        assert len(entry["hash"]) == 64
        assert entry["changed"]
        assert entry["why"]
    days = [entry["date"] for entry in record]
    assert days == sorted(days)


def test_the_record_says_that_it_is_append_only():
    text = (REPOSITORY / "analysis" / "studies" / "registration.yml").read_text("utf-8")
    assert text.startswith("#")
    assert "append" in text.split("- date")[0]


# the hash


def test_layout_comments_and_order_of_keys_do_not_change_the_hash(folder):
    before = hash_of(design_in(folder))
    (folder / "claims.yml").write_text("# Said.\nclaims:\n  - claim: More.\n    claim_id: A1\n")
    assert hash_of(design_in(folder)) == before


@pytest.mark.parametrize("name", ["specifications.yml", "claims.yml"])
def test_any_word_of_the_design_changes_the_hash(folder, name):
    before = hash_of(design_in(folder))
    path = folder / name
    path.write_text(path.read_text().replace("likes}", "downloads}").replace("More", "Less"))
    assert hash_of(design_in(folder)) != before


# registering


def test_registering_appends_and_leaves_what_is_there(folder):
    (folder / "registration.yml").write_text("# The record.\n")
    register("The first design.", folder, "2026-01-01")
    first = (folder / "registration.yml").read_text()
    commit(folder, "2026-01-02T12:00:00Z")
    path = folder / "specifications.yml"
    path.write_text(
        path.read_text().replace("{id: X2, outcome: likes}", "{id: X3, outcome: likes}")
        .replace("{id: X1, outcome: likes}", "{id: X1, outcome: downloads}")
    )  # fmt: skip
    entry = register("X2 could\nnot be estimated.", folder, "2026-01-03")
    assert (folder / "registration.yml").read_text().startswith(first)
    assert entries(folder)[-1] == entry
    assert entry == {
        "date": "2026-01-03",
        "hash": hash_of(design_in(folder)),
        "changed": "added X3; removed X2; changed X1",
        "why": "X2 could not be estimated.",
    }
    assert first.startswith("# The record.\n- date: '2026-01-01'\n")


def test_an_earlier_design_that_no_commit_holds_is_unknown(folder):
    register("The first design.", folder, "2026-01-01")
    (folder / "claims.yml").write_text("claims: []\n")
    entry = register("No claim is left.", folder, "2026-01-02")
    assert entry["changed"] == "unknown: no commit holds the design registered before"


def test_a_design_is_not_registered_twice_in_a_row(folder):
    register("The first design.", folder, "2026-01-01")
    with pytest.raises(StudyError, match="nothing to register: the design is that of 2026-01-01"):
        register("Again.", folder, "2026-01-02")


def test_claims_and_other_sections_are_named_where_they_change():
    old = {"s.yml": yaml.safe_load(SPECIFICATIONS), "claims.yml": yaml.safe_load(CLAIMS)}
    new = {
        "s.yml": yaml.safe_load(SPECIFICATIONS.replace('"true"', "age > 30")),
        "claims.yml": {"claims": [{"claim_id": "A2", "claim": "More."}]},
    }
    assert changes(old, new) == "added A2; removed A1; changed samples"


# what a run says of its design


def test_a_run_says_whether_its_design_is_the_registered_one(folder):
    assert registered(folder)["status"] == "never_registered"
    register("The first design.", folder, "2026-01-01")
    found = registered(folder)
    assert (found["status"], found["last_registered_on"]) == ("registered", "2026-01-01")
    (folder / "claims.yml").write_text("claims: []\n")
    assert registered(folder)["status"] == "changed_since"


def test_a_design_that_is_not_committed_has_no_day_of_a_commit(folder):
    assert registered(folder)["committed_on"] is None
    commit(folder, "2026-01-02T12:00:00Z")
    assert registered(folder)["committed_on"] is not None
    (folder / "claims.yml").write_text("claims: []\n")
    assert registered(folder)["committed_on"] is None


def test_a_change_after_the_start_is_refused(folder):
    found = registered(folder)
    refuse_a_change(found, folder)
    (folder / "claims.yml").write_text("claims: []\n")
    with pytest.raises(StudyError, match="changed during the run"):
        refuse_a_change(found, folder)


def test_a_file_that_is_no_yaml_is_one_line(folder):
    (folder / "claims.yml").write_text("claims: [\n")
    with pytest.raises(StudyError, match=r"claims\.yml cannot be read"):
        design_in(folder)
