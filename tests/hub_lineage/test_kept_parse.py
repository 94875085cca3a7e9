"""dbt's reading of the project is kept between builds, and its absence costs time alone."""

from pathlib import Path

import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from hub_lineage import dbt
from hub_lineage.dbt_command import connection_keys, keys_without_path


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    place = tmp_path / "target" / "build" / "partial_parse.msgpack"
    monkeypatch.setattr(dbt, "KEPT_PARSE", place)
    return place


def test_the_parse_of_the_last_build_is_kept(kept: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    for content in (b"first", b"second"):
        made.write_bytes(content)
        dbt.keep_parse(made)
        assert kept.read_bytes() == content
    assert list(kept.parent.iterdir()) == [kept]


def test_a_parse_that_was_not_made_is_not_kept(kept: Path, tmp_path: Path) -> None:
    dbt.keep_parse(tmp_path / "nothing")
    assert not kept.exists()
    assert not kept.parent.exists()


def test_where_nothing_can_be_written_the_build_goes_on(kept: Path, tmp_path: Path) -> None:
    kept.parent.parent.write_text("a file where the folder would be")
    made = tmp_path / "made"
    made.write_bytes(b"first")
    dbt.keep_parse(made)
    assert not kept.exists()


def test_a_parse_serves_databases_of_one_name_in_any_folder(tmp_path: Path) -> None:
    """Of what dbt compares before it reads the project anew, only `path` names the folder."""
    compared = []
    for path in ("one/hub_lineage.duckdb", "two/hub_lineage.duckdb", "two/other.duckdb"):
        credentials = DuckDBCredentials.from_dict({"path": str(tmp_path / path)})
        compared.append({key: getattr(credentials, key) for key in keys_without_path(credentials)})
    assert compared[0] == compared[1]
    assert compared[1] != compared[2]
    assert "path" in connection_keys(credentials)
