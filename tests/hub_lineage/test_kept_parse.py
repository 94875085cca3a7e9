"""dbt's reading of the project is kept between builds, and its absence costs time alone."""

from pathlib import Path

import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from hub_lineage import dbt
from hub_lineage.dbt_command import connection_keys, keys_without_path


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "target" / "build" / "1.msgpack"


def test_the_parse_of_the_last_build_is_kept(kept: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    for content, place in ((b"first", kept), (b"second", kept), (b"third", kept.with_stem("2"))):
        made.write_bytes(content)
        dbt.keep_parse(made, place)
        assert place.read_bytes() == content
        assert list(kept.parent.iterdir()) == [place]


def test_a_parse_that_was_not_made_is_not_kept(kept: Path, tmp_path: Path) -> None:
    dbt.keep_parse(tmp_path / "nothing", kept)
    assert not kept.exists()
    assert not kept.parent.exists()


def test_where_nothing_can_be_written_the_build_goes_on(kept: Path, tmp_path: Path) -> None:
    kept.parent.parent.write_text("a file where the folder would be")
    made = tmp_path / "made"
    made.write_bytes(b"first")
    dbt.keep_parse(made, kept)
    assert not kept.exists()


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("dbt_project.yml", "macros/deep/a.sql", "models/a.yml", "tests/invariants/a.sql"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    monkeypatch.setattr(dbt, "PROJECT", tmp_path)
    return tmp_path


def test_only_the_parse_of_the_same_files_is_taken(project: Path) -> None:
    """dbt fails on a parse from before a described macro was taken away."""
    seen = [dbt.kept_parse()]
    (project / "models" / "a.yml").write_text("models/b.yml")
    seen.append(dbt.kept_parse())
    (project / "macros" / "deep" / "a.sql").rename(project / "macros" / "deep" / "b.sql")
    seen.append(dbt.kept_parse())
    (project / "macros" / "deep" / "b.sql").unlink()
    seen.append(dbt.kept_parse())
    assert len(set(seen)) == len(seen)
    (project / "README.md").write_text("nothing that dbt reads")
    assert dbt.kept_parse() == seen[-1]


def test_a_parse_serves_databases_of_one_name_in_any_folder(tmp_path: Path) -> None:
    """Of what dbt compares before it reads the project anew, only `path` names the folder."""
    compared = []
    for path in ("one/hub_lineage.duckdb", "two/hub_lineage.duckdb", "two/other.duckdb"):
        credentials = DuckDBCredentials.from_dict({"path": str(tmp_path / path)})
        compared.append({key: getattr(credentials, key) for key in keys_without_path(credentials)})
    assert compared[0] == compared[1]
    assert compared[1] != compared[2]
    assert "path" in connection_keys(credentials)
