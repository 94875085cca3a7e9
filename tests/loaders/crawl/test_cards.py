"""Dumps of model cards into the landing."""

import duckdb
import pytest


def cards(landing) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT model_id, card, source FROM '{landing}/cards/*.parquet' ORDER BY ALL"
        ).fetchall()


@pytest.fixture
def dump(tmp_path):
    """The shape of librarian-bots/model_cards_with_metadata."""
    path = tmp_path / "cards.parquet"
    duckdb.sql("""
        select * from (values
            ('acme/A', 'acme', 3, ['x'], E'---\nlicense: mit\n---\n# A\n'),
            ('acme/B', 'acme', 3, ['x'], ' '),
            ('acme/C', 'acme', 3, ['x'], null),
            (null, 'acme', 3, ['x'], '# nobody''s')
        ) as dump ("modelId", author, likes, tags, card)
    """).write_parquet(str(path))
    return path


def test_cards_are_landed_as_they_are_written(command, landing, dump) -> None:
    done = command("cards", dump, "--source", "librarian-bots")
    assert done.code == 0
    assert "left out 1 without an id" in done.err
    assert cards(landing) == [("acme/A", "---\nlicense: mit\n---\n# A\n", "librarian-bots")]


def test_cards_that_are_there_are_replaced_on_request_only(command, landing, dump) -> None:
    command("cards", dump, "--source", "d")
    done = command("cards", dump, "--source", "d")
    assert (done.code, "already holds cards of d" in done.err) == (1, True)
    assert command("cards", dump, "--source", "d", "--replace").code == 0


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--source", "d", "--card", "text"), 2, "--card: there is no column text"),
        (("--source", "d", "--model-id", "name"), 2, "--model-id: there is no column name"),
    ],
)
def test_what_cannot_be_landed_is_told_in_one_line(
    command, landing, dump, options, code, said
) -> None:
    done = command("cards", dump, *options)
    assert (done.code, said in done.err, done.err.count("\n")) == (code, True, 1)
    assert not (landing / "cards").exists()
