"""`--hash-owners`: no handle in any table, the same hash in all of them, the lineage intact."""

import hashlib
import re
from pathlib import Path

import duckdb
import pytest
from publications import SALT, rows

from analysis.publish import handles, published_tables, publishing
from analysis.publish.handles import find_handles, handle_in
from analysis.publish.project import Project
from analysis.publish.published_tables import HASH, hidden, write_hashed
from analysis.publish.publishing import Options
from analysis.studies.variables import open_exports
from hub_lineage.dbt import Column
from hub_lineage.errors import StudyError

pytestmark = pytest.mark.xdist_group("publishing")


@pytest.fixture(scope="module")
def pair(exports, project, tmp_path_factory) -> tuple[Path, Path]:
    """The tables as they are, and the same with hashed owners."""
    target = tmp_path_factory.mktemp("hashed") / "out"
    hash_owners(exports, target, project)
    return exports, target / "data"


def hash_owners(exports: Path, target: Path, project: Project) -> list[str]:
    """Publish with hashed owners; the readers of the formats, which take longest and are looked at
    in test_publishing.py, read a few rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "CHECKED_ROWS", 2)
        return publishing.publish(
            open_exports(exports), target, target, project, Options("sample", "x", "", SALT)
        )


def test_no_cell_of_any_table_holds_an_owner(pair):
    """Owners of models, of unlisted parents and of claims; whole cells, parts of ids and lists."""
    before, after = pair
    handles = rows(
        f"""
        with ids as (
            select model_id as id from '{before}/hub_models.parquet'
            union select parent_id from '{before}/lineage_edges.parquet'
            union select claimed_parent from '{before}/lineage_rejections.parquet'
            union select model_id from '{before}/model_metrics.parquet'
            union select model_id from '{before}/landing_rejections.parquet'
        )
        select distinct lower(split_part(id, '/', 1)) from ids
        where regexp_full_match(id, '[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+')
        """
    )
    assert len(handles) > 100
    with duckdb.connect() as connection:
        connection.execute("create table handles (handle varchar)")
        connection.executemany("insert into handles values (?)", handles)
        for path in sorted(after.glob("*.parquet")):
            for name, kind, *_ in connection.execute(f"describe from '{path}'").fetchall():
                if kind != "VARCHAR":
                    continue
                found = connection.execute(
                    f"""
                    select distinct part
                    from (
                        select lower(unnest(string_split("{name}", ', '))) as part from '{path}'
                    )
                    semi join handles
                        on part = handle and '{name}' in ('owner', 'base_owner')
                        or part like '%/%' and split_part(part, '/', 1) = handle
                    """
                ).fetchall()
                assert found == [], (path.name, name)


def test_rows_families_and_indices_are_as_before(pair):
    before, after = pair
    for path in sorted(before.glob("*.parquet")):
        count = "select count(*) from '{}'"
        assert rows(count.format(path)) == rows(count.format(after / path.name)), path.name
    for query in (
        "select count(distinct owner), count(distinct model_id), sum(n_children) "
        "from '{}/hub_models.parquet'",
        "select parts.n, count(*) from (select count(*) as n from '{}/lineage_edges.parquet' "
        "group by parent_id) as parts group by all order by all",
        "select count(*), sum(n_j), sum(mdi is not null) from '{0}/disruption.parquet' as d "
        "join '{0}/hub_models.parquet' as m using (model_id) join '{0}/hub_models.parquet' as r "
        "on m.root_id = r.model_id",
        "select count(*) from '{0}/recognition_panel.parquet' as p "
        "join '{0}/hub_models.parquet' as m on p.child_id = m.model_id and p.owner = m.owner",
        "select reason, evidence, count(distinct claimed_parent) "
        "from '{}/lineage_rejections.parquet' group by all order by all",
    ):
        assert rows(query.format(before)) == rows(query.format(after)), query


def test_a_claim_of_a_listed_model_is_the_id_it_has_elsewhere(pair):
    """A self-reference names the child itself, whatever the case of its letters."""
    before, after = pair
    query = (
        "select count(*) from '{}/lineage_rejections.parquet' "
        "where lower(child_id) = lower(claimed_parent)"
    )
    expected = rows(query.format(before))
    assert rows(query.format(after)) == expected
    assert expected[0][0] > 0


def test_claims_that_are_paths_or_handles_are_replaced_whole(pair):
    before, after = pair
    texts = rows(
        f"select claimed_parent from '{after}/lineage_rejections.parquet' "
        "where reason in ('local_path', 'no_owner', 'malformed')"
    )
    assert texts
    plain = rows(f"select claimed_parent from '{before}/lineage_rejections.parquet'")
    assert not set(plain) & set(texts)


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("model_id", "gpt2", "gpt2"),
        ("model_id", "Ada/Some-model", "owner_H/Some-model"),
        ("model_id", "ada/Some-model", "owner_H/Some-model"),
        ("model_id", "https://hub.example/ada/some-model", "text_H"),
        ("owner", "Ada", "owner_H"),
        ("claimed_parent", "ada", "text_H"),
        ("claimed_parent", "Ada/Some-model", "owner_H/Some-model"),
        ("claimed_parent", "/data/ada/model", "text_H"),
        ("claimed_parent", "", "text_H"),
        ("claimed_parent", None, None),
        ("hub_oid", "692cda805eed5eed005aad83", "repository_H"),
        ("before", "ada/x, bob/y", "owner_H/x, owner_H/y"),
        ("license", "mit", "mit"),
        ("model_id", "ada/Ada-7b", "owner_H/owner_H-7b"),
        ("model_id", "ada/x-ADA.y", "owner_H/x-owner_H.y"),
        ("license", "ada-community", "text_H"),
        ("base_license", "Apache-2.0", "Apache-2.0"),
        ("library_name", "Ada", "text_H"),
        ("library_name", "transformers", "transformers"),
        ("pipeline_tag", "ada/chat", "text_H"),
        ("pipeline_tag", "text-generation", "text-generation"),
        ("gated", "ada", "text_H"),
        ("gated", "manual", "manual"),
        ("gated", None, None),
        ("source", "https://huggingface.co/ada", "text_H"),
        ("source", "open_llm_v1", "open_llm_v1"),
        ("tool", "ada/compare", "text_H"),
        ("source", None, None),
    ],
)
def test_what_is_shown_of_a_text(column, text, shown):
    """H stands for 16 hexadecimal digits; the handle's are those of its salted SHA-256."""
    with duckdb.connect() as connection:
        connection.execute("set variable salt = ?", [SALT])
        connection.execute(HASH)
        ((found,),) = connection.execute(
            f"select {hidden(column, 'VARCHAR')} from "
            f"(select cast(? as varchar) as \"{column}\", 'renamed' as change)",
            [text],
        ).fetchall()
    digest = hashlib.sha256(f"{SALT}:owner:ada".encode()).hexdigest()[:16]
    if shown and shown.startswith("owner_H"):
        assert found.startswith(f"owner_{digest}")
    assert (found and re.sub("_[0-9a-f]{16}", "_H", found)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2024-01-01 10:20:30", "2024-01-01 10:20:30"),
        ("2024-01-01 10:20:30.123", "2024-01-01 10:20:30.123"),
        ("692cda805eed5eed005aad83", "repository_H"),
        ("ada/x", "repository_H"),
        (None, None),
    ],
)
def test_a_repository_made_anew_shows_times_and_no_id(text, shown):
    with duckdb.connect() as connection:
        connection.execute("set variable salt = ?", [SALT])
        connection.execute(HASH)
        for column in ("before", "after"):
            ((found,),) = connection.execute(
                f"select {hidden(column, 'VARCHAR')} from "
                f"(select cast(? as varchar) as \"{column}\", 'recreated' as change)",
                [text],
            ).fetchall()
            assert (found and re.sub("_[0-9a-f]{16}", "_H", found)) == shown


OTHERS = ("Qwen/x", "meta-llama/x", "llama/x", "ada/x", "owner/x", "ko/x", "a.b/x")


@pytest.mark.parametrize(
    ("model_id", "shown"),
    [
        ("ada/Qwen-7B-GGUF", "owner_H/name_H-7B-GGUF"),
        ("ada/7B.QWEN", "owner_H/7B.name_H"),
        ("ada/Qwenish", "owner_H/Qwenish"),
        ("ada/Qwen2-7B", "owner_H/Qwen2-7B"),
        ("ada/qwen_qwen", "owner_H/name_H_name_H"),
        ("ada/meta-llama-3", "owner_H/name_H-3"),
        ("ada/meta_llama-3", "owner_H/meta_name_H-3"),
        ("ada/x-ko", "owner_H/x-name_H"),
        ("ada/a.b-c", "owner_H/name_H-c"),
        ("ada/Ada-of-qwen", "owner_H/owner_H-of-name_H"),
        ("ada/xAda", "owner_H/xowner_H"),
        ("Qwen/Qwen-7B", "owner_H/owner_H-7B"),
        ("bob/ADA-owner", "owner_H/name_H-name_H"),
        ("qwen", "qwen"),
    ],
)
def test_a_handle_that_is_a_word_in_a_name_of_others_is_hashed(model_id, shown):
    with duckdb.connect() as connection:
        connection.execute("set variable salt = ?", [SALT])
        connection.execute(HASH)
        owned = f"select unnest({list(OTHERS)}) as part"
        n_found = find_handles(connection, f"select '{model_id}' as part", owned)
        assert n_found == ("name_H" in shown)
        for column, change in (("model_id", ""), ("claimed_parent", ""), ("before", "renamed")):
            if "/" not in model_id and column != "model_id":
                continue
            ((found,),) = connection.execute(
                f"select {hidden(column, 'VARCHAR')} from "
                f"(select '{model_id}' as \"{column}\", '{change}' as change)"
            ).fetchall()
            assert re.sub("_[0-9a-f]{16}", "_H", found) == shown
        if "/" in model_id:
            assert handle_in(connection, f"select lower('{found}') as part") is None


def test_the_hash_of_a_word_does_not_give_away_who_is_called_so():
    """`bert-base` is known to whoever reads `...-uncased`, and who `bert-base` is stays hidden."""
    with duckdb.connect() as connection:
        connection.execute("set variable salt = ?", [SALT])
        connection.execute(HASH)
        owned = "select unnest(['bert-base/x', 'ada/x']) as part"
        find_handles(connection, "select 'ada/bert-base-uncased' as part", owned)
        ((word, owner),) = connection.execute(
            "select text_hashed('ada/bert-base-uncased'), owner_hashed('bert-base')"
        ).fetchall()
    assert owner.removeprefix("owner_") not in word


@pytest.fixture(scope="module")
def planted(exports, tmp_path_factory) -> Path:
    """The exports with an owner's name in texts of every kind, and a repository made anew."""
    folder = tmp_path_factory.mktemp("planted") / "exports"
    folder.mkdir()
    changes = {
        "hub_models": "* replace (owner || '-lib' as library_name, owner as license, "
        "model_id as pipeline_tag, owner as gated, case when owner is not null then owner || "
        "'/x-' || lag(owner, 1, 'me') over (order by owner nulls first, model_id) || '-' || "
        "split_part(model_id, '/', 2) else model_id end as model_id)",
        "snapshot_changes": "* replace ('recreated' as change, '692cda805eed5eed005aad83' as "
        "before, coalesce(after, before) as after)",
    }
    snapshot = open_exports(exports).snapshot_id
    metadata = f"kv_metadata {{snapshot_id: '{snapshot}'}}"
    with duckdb.connect() as connection:
        for path in exports.glob("*.parquet"):
            connection.execute(
                f"copy (select {changes.get(path.stem, '*')} from '{path}') to "
                f"'{folder / path.name}' (format parquet, {metadata})"
            )
    return folder


@pytest.mark.slow
def test_names_that_users_write_where_others_write_words_are_not_handed_on(
    planted, project, tmp_path
):
    target = tmp_path / "out"
    lines = hash_owners(planted, target, project)
    assert re.search(r"owners are hashed: none of [\d,]+ names and ids found", lines[-1])
    owners = rows(f"select distinct lower(owner) from '{planted}/hub_models.parquet'")
    written = rows(
        "select distinct lower(unnest([library_name, license, pipeline_tag, gated])) "
        f"from '{target}/data/hub_models.parquet'"
    )
    assert len(written) > 100
    named = [
        text for (text,) in written for (owner,) in owners
        if text and owner and owner in re.sub("_[0-9a-f]{16}", "", text)
    ]  # fmt: skip
    assert named == []
    names = rows(f"select lower(model_id) from '{target}/data/hub_models.parquet'")
    hashes = re.compile("(owner|name)_[0-9a-f]{16}")
    words = {
        word for (name,) in names if "/" in name
        for word in re.split("[^a-z0-9]+", hashes.sub("", name.partition("/")[2]))
    }  # fmt: skip
    assert words
    assert not words & {owner for (owner,) in owners if owner}
    changed = rows(f"select before, after from '{target}/data/snapshot_changes.parquet'")
    assert all(re.match("repository_|[0-9]{4}-", text) for row in changed for text in row)


@pytest.mark.parametrize("column", ["library_name", "owner", "model_id", "root_id"])
def test_a_name_that_slips_through_is_found_before_anything_is_handed_on(
    exports, project, tmp_path, monkeypatch, column
):
    def leaks(name: str, kind: str) -> str:
        return (
            "owner"
            if name == column == "library_name"
            else (f'"{name}"' if name == column else hidden(name, kind))
        )

    marts = {"hub_models": project.marts["hub_models"]}
    monkeypatch.setattr(published_tables, "hidden", leaks)
    opened = open_exports(exports)
    (tmp_path / "out").mkdir()
    written = published_tables.write_tables(opened, marts, tmp_path / "out/data", SALT)
    with pytest.raises(StudyError, match=r"hub_models\.parquet would name"):
        published_tables.check_hidden(opened, written, tmp_path / "out")


def test_a_handle_within_a_name_is_found_before_anything_is_handed_on(
    planted, project, tmp_path, monkeypatch
):
    marts = {"hub_models": project.marts["hub_models"]}
    opened = open_exports(planted)
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(published_tables, "find_handles", lambda connection, ids, owned: None)
    written = published_tables.write_tables(opened, marts, tmp_path / "out/data", SALT)
    monkeypatch.undo()
    handles.find_handles(opened.connection, "select '' as part where false", owned_in(planted))
    with pytest.raises(StudyError, match=r"hub_models\.parquet would name"):
        published_tables.check_hidden(opened, written, tmp_path / "out")


def owned_in(exports: Path) -> str:
    return f"select model_id as part from '{exports}/hub_models.parquet' where owner is not null"


def test_an_id_in_a_file_of_words_is_found(exports, project, tmp_path):
    opened = open_exports(exports)
    (tmp_path / "out").mkdir()
    marts = {"hub_models": project.marts["hub_models"]}
    written = published_tables.write_tables(opened, marts, tmp_path / "out/data", SALT)
    assert published_tables.check_hidden(opened, written, tmp_path / "out") > 100
    ((model,),) = rows(
        f"select max(model_id) from '{exports}/hub_models.parquet' where owner is not null"
    )
    (tmp_path / "out/README.md").write_text(f"Take {model}, for example.")
    with pytest.raises(StudyError, match=r"README\.md would name"):
        published_tables.check_hidden(opened, written, tmp_path / "out")


@pytest.mark.parametrize(
    "salt",
    [
        "", "short", "a" * 16, " " * 20, "a" * 15 + "b", "abababababababab", "secretsecretsecret",
        "abcdefghijklmnop", "0123456789abcdef", "1234567890123456", "aabbaabbaabbaabbc",
        "                x",
    ],
)  # fmt: skip
def test_a_salt_that_can_be_guessed_is_refused(salt, monkeypatch):
    monkeypatch.setenv("HUB_SALT", salt)
    with pytest.raises(StudyError, match="HUB_SALT that nobody can guess"):
        publishing.salt_from_environment()


@pytest.mark.parametrize("salt", ["9f86d081884c7d659a2f", "correct horse battery staple", SALT])
def test_a_salt_that_cannot_be_guessed_is_taken_as_it_is(salt, monkeypatch):
    monkeypatch.setenv("HUB_SALT", salt)
    assert publishing.salt_from_environment() == salt


def test_rows_stand_in_an_order_that_the_handles_did_not_make(pair):
    _, after = pair
    found = [row[0] for row in rows(f"select model_id from '{after}/hub_models.parquet'")]
    assert found == sorted(found)


def test_another_salt_gives_other_hashes(exports, project, pair, tmp_path):
    opened = open_exports(exports)
    opened.connection.execute("set variable salt = 'another secret of length'")
    opened.connection.execute(HASH)
    path = tmp_path / "families.parquet"
    write_hashed(opened, project.marts["families"], path)
    roots = "select root_id from '{}'"
    ours = {row[0].split("/")[0] for row in rows(roots.format(path))}
    others = {row[0].split("/")[0] for row in rows(roots.format(pair[1] / "families.parquet"))}
    assert not ours & others


def test_text_that_no_rule_covers_is_not_handed_on(project):
    column = Column("biography", "VARCHAR", "What the owner says.", True)
    with pytest.raises(StudyError, match="biography"):
        hidden(column.name, column.type)
    for mart in project.marts.values():
        for column in mart.columns:
            assert hidden(column.name, column.type)


def test_the_card_says_what_is_hidden_and_what_is_not(pair):
    text = (pair[1].parent / "README.md").read_text()
    assert "This is not anonymity" in text
    assert SALT not in text
    for path in pair[1].parent.rglob("*"):
        if path.is_file():
            assert SALT.encode() not in path.read_bytes()
