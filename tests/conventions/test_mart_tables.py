"""README, overview and exposures list every mart as the mart describes itself."""

from pathlib import Path

import pytest

from hub_lineage import mart_tables
from hub_lineage.mart_tables import BEGIN, END, EXPOSURES, PAGES, Mart, marts, table, written
from support import REPOSITORY

MARTS = [
    Mart("edges", "lineage", "child x parent", "who was built from whom"),
    Mart("races", "races", "base x entrant", "who came first"),
]


@pytest.mark.parametrize("name", [*PAGES, EXPOSURES], ids=str)
def test_the_table_is_what_the_marts_say(name: Path) -> None:
    text = (REPOSITORY / name).read_text("utf-8")
    assert written(name, text, marts()) == text


def test_every_mart_has_a_line() -> None:
    names = {path.stem for path in (REPOSITORY / "models/marts").glob("*.sql")}
    assert {mart.name for mart in marts()} == names


def test_a_table_is_put_between_its_marks_alone() -> None:
    text = f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nrest\n"
    assert (
        written(PAGES[0], text, MARTS) == f"# Title\n\n{BEGIN}\n\n{table(MARTS)}\n\n{END}\n\nrest\n"
    )


def test_the_exposure_of_the_exports_depends_on_every_mart() -> None:
    text = (
        "exposures:\n  - name: other\n    depends_on:\n      - ref('races')\n"
        "  - name: exported_marts\n    depends_on:\n      - ref('gone')\n    owner: {}\n"
    )
    assert written(EXPOSURES, text, MARTS) == text.replace(
        "      - ref('gone')\n", "      - ref('edges')\n      - ref('races')\n"
    )


def test_a_table_that_differs_is_told_and_left(monkeypatch, tmp_path, capsys) -> None:
    for name in (*PAGES, EXPOSURES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((REPOSITORY / name).read_text("utf-8"), "utf-8")
    (tmp_path / "README.md").write_text(f"{BEGIN}\n\nold\n\n{END}\n", "utf-8")
    listed = marts()
    monkeypatch.setattr(mart_tables, "marts", lambda: listed)
    monkeypatch.setattr(mart_tables, "PROJECT", tmp_path)
    assert mart_tables.main(["--check"]) == 1
    assert capsys.readouterr().out == "README.md: differs\n"
    assert mart_tables.main([]) == 0
    assert mart_tables.main(["--check"]) == 0
