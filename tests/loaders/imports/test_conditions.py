"""`--where` is one condition on the rows of the files that are named, and reaches nothing else."""

from pathlib import Path

import pytest

from loaders.__main__ import main

AS_OF = ("--as-of", "2026-08-22")


@pytest.fixture
def run(capsys, landing):
    """Import a file on a condition; the exit code and what stands on stderr."""

    def _run(file: Path, where: str) -> tuple[int, str]:
        code = main(["import", str(file), "--landing", str(landing), *AS_OF, "--where", where])
        return code, capsys.readouterr().err

    return _run


@pytest.fixture
def file(write) -> Path:
    return write("d[1].parquet", "SELECT * FROM (VALUES ('a/b', 1), ('a/c', 2)) AS t (id, likes)")


@pytest.mark.parametrize(
    "where",
    [
        "true); COPY (SELECT 1) TO '{folder}/planted'; SELECT (true",
        "true); SELECT 1; --",
        "true\n); SELECT 1 WHERE (true",
        "true) UNION ALL (SELECT 1",
        "true) LIMIT (1",
        "true) GROUP BY (id",
        "true) ORDER BY (id",
        "true LIMIT 1",
    ],
)
def test_what_is_more_than_a_condition_is_refused(run, file, landing, tmp_path, where):
    code, said = run(file, where.format(folder=tmp_path))
    assert code == 2
    assert said.startswith("error: --where: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "planted").exists()
    assert not landing.exists()


@pytest.mark.parametrize(
    "where",
    [
        "likes < (SELECT count(*) FROM read_text('{secret}'))",
        "likes < (SELECT count(*) FROM read_csv('{secret}'))",
        "likes < (SELECT count(*) FROM glob('/*'))",
        "id IN (FROM '{secret}')",
    ],
)
def test_a_condition_reads_no_other_file(run, file, landing, tmp_path, where):
    secret = tmp_path / "secret.csv"
    secret.write_text("id\na/b\n")
    code, said = run(file, where.format(secret=secret))
    assert code == 2
    assert "--where" in said
    assert "disabled by configuration" in said
    assert said.count("\n") == 1
    assert not landing.exists()


def test_a_condition_chooses_rows_of_a_file_of_any_name(run, file, landing, rows):
    code, _ = run(file, "likes > (SELECT 1)")
    assert code == 0
    assert [row["model_id"] for row in rows(landing)] == ["a/c"]
