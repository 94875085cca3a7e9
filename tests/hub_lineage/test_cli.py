"""The command `hub-lineage`: one door to everything, which adds nothing of its own."""

import re
import tomllib

import pytest
from click.testing import CliRunner

from hub_lineage import cli
from support import REPOSITORY

COMMANDS = ("build", "crawl", "import", "archive", "dump", "study", "report", "publish", "spark")


def run(*arguments: object, **options):
    return CliRunner().invoke(cli.main, list(map(str, arguments)), prog_name=cli.NAME, **options)


def completed(words: str) -> list[str]:
    """What a shell offers for the last of some words."""
    environment = {
        cli.COMPLETE: "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    shown = CliRunner().invoke(cli.main, prog_name=cli.NAME, env=environment)
    return [line.partition(",")[2] for line in shown.output.splitlines()]


def test_the_project_installs_it() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {cli.NAME: "hub_lineage.cli:main"}
    assert run("--version").output == f"hub-lineage, version {project['version']}\n"


def test_help_lists_every_command() -> None:
    listed = re.findall(r"^  ([a-z-]+)  ", run("--help").output, re.MULTILINE)
    assert {*COMMANDS} <= {*listed}


@pytest.mark.parametrize("command", [*cli.PROGRAMS])
def test_a_command_passes_on_what_the_part_takes(command) -> None:
    shown = run(command, "--help")
    assert shown.exit_code == 0
    assert "--" in shown.output


@pytest.mark.parametrize(
    ("wrong", "right"), [("crwl", "crawl"), ("achive", "archive"), ("publsh", "publish")]
)
def test_a_misspelt_command_is_answered_with_the_nearest_one(wrong, right) -> None:
    shown = run(wrong)
    assert shown.exit_code == 2
    assert f"No such command '{wrong}'. Did you mean '{right}'?" in shown.output


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("import", "nothing.parquet", "--as-of", "yesterday"), 2),
        (("build", "--vars", "{nosuch: 1}"), 2),
        (("study", "RR99"), 2),
        (("report", "--families", "many"), 2),
        (("archive", "--weeks", "0"), 2),
        (("crawl", "--endpoint", "http://127.0.0.1:9", "--dry-run"), 4),
    ],
)
def test_the_exit_code_is_that_of_the_part(arguments, exit_code) -> None:
    shown = run(*arguments)
    assert shown.exit_code == exit_code
    assert "error: " in shown.output
    assert "Traceback" not in shown.output


def test_a_shell_completes_commands_and_options() -> None:
    assert completed("hub-lineage cr") == ["crawl"]
    assert completed("hub-lineage archive --w") == ["--weeks", "--whole"]
    assert "--full-refresh" in completed("hub-lineage build --f")


@pytest.mark.parametrize("shell", cli.SHELLS)
def test_the_completion_of_a_shell_is_printed(shell) -> None:
    shown = run("completion", shell)
    assert shown.exit_code == 0
    assert cli.COMPLETE in shown.output
