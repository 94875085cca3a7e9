"""What the documents tell a user to type exists, runs and links to something."""

import ast
import html
import importlib
import itertools
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import duckdb
import pytest

from support import REPOSITORY, called

DOCUMENTS = (
    "README.md",
    *sorted(
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("docs", "loaders")
        for path in (REPOSITORY / folder).rglob("*.md")
    ),
)
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
QUERIES = (REPOSITORY / "docs/queries.md").read_text(encoding="utf-8")
LONGEST_README = 135
"""Lines of three screens."""

pytestmark = pytest.mark.xdist_group("readme")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Each command line of each shell block, comments and continuations gone."""
    found = []
    for document in DOCUMENTS:
        text = (REPOSITORY / document).read_text(encoding="utf-8")
        # Where a page has its commands indented, they are those of Python and of the shell.
        indented = re.findall(r"(?:^    (?:python|export|hf) .*\n(?:^        .*\n)*)+", text, re.M)
        for block in [*blocks(text, "sh"), *indented]:
            for line in block.replace("\\\n", " ").splitlines():
                parts = shlex.split(line, comments=True)
                while "&&" in parts:
                    at = parts.index("&&")
                    found.append((document, shlex.join(parts[:at])))
                    parts = parts[at + 1 :]
                if parts:
                    found.append((document, shlex.join(parts)))
    return found


@cache
def help_of(module: str, *command: str) -> str:
    """What `python -m module command --help` prints."""
    is_package = (REPOSITORY / module).is_dir()
    door = importlib.import_module(f"{module}.__main__" if is_package else module)
    finished = called(door.main, *command, "--help")
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def check(command: str) -> None:
    """Fail unless the program, its command and its options exist."""
    program, *rest = shlex.split(command)
    rest = [part for part in rest if part != "&"]
    if re.fullmatch(r"[A-Z]+=.*", program) or program == "export":
        return
    name = re.sub(r"^\.venv(-spark)?/bin/", "", program)
    if name == "make":
        for part in rest:
            variable = re.match(r"([A-Z_]+)=", part)
            if variable:
                makefile = (REPOSITORY / "Makefile").read_text()
                assert variable[1] in makefile or f'"{variable[1]}"' in README, part
            else:
                assert part in targets(), part
    elif name == "python" and rest[0] == "-c":
        compile(rest[1], "the documents", "exec")
    elif name in ("python", "python3") and rest[:1] == ["-m"]:
        if rest[1] == "venv":
            return
        module, verb = rest[1], next((part for part in rest[2:] if part[0] != "-"), "")
        if module == "pytest":
            return
        options = {part.split("=")[0] for part in rest[3:] if part.startswith("--")}
        known = set(re.findall(r"--[a-z-]+", help_of(module, *filter(None, [verb]))))
        assert options <= known, options - known
    elif name == "python":
        assert (REPOSITORY / rest[0]).is_file(), rest[0]
    elif name == "marimo":
        assert rest[0] in ("run", "edit")
        assert (REPOSITORY / rest[1]).is_file()
    else:
        assert name in ("dbt", "duckdb", "hf", "python3", "pip"), program


@pytest.mark.parametrize(
    ("document", "command"), commands(), ids=[command[:60] for _, command in commands()]
)
def test_a_command_of_the_documents_exists(document, command):
    check(command)


@pytest.mark.parametrize(
    "command",
    [
        "make nothing",
        ".venv/bin/python -m loaders import a.parquet --as-if 2026",
        ".venv/bin/python -m analysis flatter",
        ".venv/bin/marimo run notebooks/none.py",
        "evidence dev",
    ],
)
def test_a_command_that_does_not_exist_is_found(command):
    with pytest.raises(AssertionError):
        check(command)


def test_there_are_commands_and_queries_to_look_at():
    assert len(commands()) >= 20
    assert len(blocks(README, "sql")) == 1
    assert len(blocks(QUERIES, "sql")) == 3
    assert len(blocks(QUERIES, "python")) == 3


def test_the_readme_is_no_longer_than_three_screens():
    assert len(README.splitlines()) <= LONGEST_README


def test_the_table_of_contents_names_every_page():
    text = (REPOSITORY / "docs/README.md").read_text(encoding="utf-8")
    pages = {path.relative_to(REPOSITORY / "docs") for path in (REPOSITORY / "docs").rglob("*.md")}
    listed = {Path(target) for target in re.findall(r"\]\(([\w/.]+\.md)\)", text)}
    assert {page for page in pages if page != Path("README.md")} <= listed


@pytest.mark.parametrize("number", range(3))
def test_an_example_in_python_runs_as_it_stands(built, tmp_path, monkeypatch, number):
    monkeypatch.setenv("HUB_EXPORTS", str(built / "exports"))
    monkeypatch.setenv("HUB_RESULTS", str(tmp_path))
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select 'RR1' as id, 'supported' as verdict) to '{tmp_path}/claims.parquet'"
        )
    tree = ast.parse(blocks(QUERIES, "python")[number])
    last = tree.body.pop()
    names: dict = {}
    exec(compile(tree, "example", "exec"), names)
    assert len(eval(compile(ast.Expression(last.value), "example", "eval"), names)) > 0


@pytest.mark.parametrize("document", ["README.md", "docs/own_data.md", "docs/figures/README.md"])
def test_the_folders_that_a_page_makes_are_not_seen_by_git(document):
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    made = set(re.findall(r"\$PWD/([\w.]+)", text)) | {"exports", "results", "site"}
    made |= set(re.findall(r"(\w+_(?:landing|exports))/", text))
    seen = [
        name
        for name in sorted(made)
        if subprocess.run(
            ["git", "check-ignore", "--quiet", f"{name}/file" if "." not in name else name],
            cwd=REPOSITORY, check=False,
        ).returncode
    ]  # fmt: skip
    assert seen == []


@pytest.mark.parametrize("sql", [*blocks(README, "sql"), *blocks(QUERIES, "sql")])
def test_a_query_of_the_documents_runs_and_answers_in_the_columns_shown(built, sql):
    with duckdb.connect() as connection:
        rows = connection.execute(sql.replace("'exports/", f"'{built}/exports/")).fetchall()
    assert rows


def test_the_query_for_the_snapshot_runs(built):
    (sql,) = re.findall(r"`(select decode\(value\)[^`]*)`", README)
    path = built / "exports" / "families.parquet"
    with duckdb.connect() as connection:
        query = sql.replace("'exports/families.parquet'", f"'{path}'")
        (found,) = connection.execute(query).fetchall()
        latest = connection.execute(
            f"select max(snapshot_id) from '{built}/exports/model_metrics.parquet'"
        ).fetchall()
    assert [found] == latest


def test_every_mart_is_listed_once_with_its_grain(built):
    listed = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \| ([^|]+) \|$", README, re.MULTILINE)
    assert sorted(name for name, _, _ in listed) == sorted(
        path.stem for path in (built / "exports").glob("*.parquet")
    )


def slug(heading: str) -> str:
    """The anchor that a heading gets on a code host."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def links() -> list[tuple[str, str]]:
    found = []
    for path in sorted({*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"),
                        *REPOSITORY.glob("loaders/*.md")}):  # fmt: skip
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                found.append((path.relative_to(REPOSITORY).as_posix(), target))
    return found


@pytest.mark.parametrize(("document", "target"), links())
def test_a_link_leads_somewhere(document, target):
    file, _, anchor = target.partition("#")
    path = (REPOSITORY / document).parent / file if file else REPOSITORY / document
    assert path.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {slug(heading) for heading in headings}


def test_the_figure_is_drawn_by_the_script_beside_it(built, tmp_path):
    script = REPOSITORY / "docs/figures/draw.py"
    finished = subprocess.run(
        [sys.executable, script, built / "exports", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    (drawn,) = tmp_path.iterdir()
    shown = REPOSITORY / "docs/figures" / drawn.name
    titles = [
        html.unescape(re.search(r"<title[^>]*>([^<]+)</title>", path.read_text("utf-8"))[1])
        for path in (drawn, shown)
    ]
    assert all(titles)
    assert titles[1].partition(":")[0] in README, "the figure's title is its finding"
    assert f"docs/figures/{drawn.name}" in README
    assert Path(drawn).read_bytes() != shown.read_bytes()


def test_the_alternative_text_tells_the_figure_s_own_numbers():
    """The numbers under the README's picture are those that are drawn in it."""
    (said,) = re.findall(r"!\[([^\]]+)\]\(docs/figures/", README)
    (path,) = (REPOSITORY / "docs/figures").glob("*.svg")
    drawn = path.read_text(encoding="utf-8")
    numbers = re.findall(r"\d[\d,.]* %|\d,\d{3}", said)
    assert len(numbers) == 3
    for number in itertools.chain(numbers, ["158"]):
        assert number in drawn
