"""One command for all of it: `hub-lineage --help`.

Each command passes its arguments to the part that does the work and returns its exit code:
`hub-lineage crawl` takes the same arguments as `python -m loaders crawl`.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import re
from dataclasses import dataclass

import click
from click.shell_completion import CompletionItem, get_completion_class

from hub_lineage.paths import version

NAME = "hub-lineage"
COMPLETE = "_HUB_LINEAGE_COMPLETE"
"""The variable that a shell sets to ask click for completions."""
SHELLS = ("bash", "fish", "zsh")
HELP = "--help"


@dataclass(frozen=True)
class Program:
    """What a command runs: `main(arguments)` of a module, and a subcommand of it."""

    summary: str
    module: str
    subcommand: tuple[str, ...] = ()


PROGRAMS = {
    "build": Program("build and test the marts, then export them as Parquet", "hub_lineage.build"),
    "crawl": Program("land a snapshot of the Hub, or resume one", "loaders.__main__", ("crawl",)),
    "import": Program("land dumps: Parquet, CSV, JSON lines", "loaders.__main__", ("import",)),
    "archive": Program("land weeks of the public archive", "loaders.__main__", ("archive",)),
    "dump": Program("land the daily dump of the Hub", "loaders.__main__", ("dump",)),
    "status": Program("say what is landed", "loaders.__main__", ("status",)),
    "fake-hub": Program("serve a made-up Hub to practise on", "loaders.__main__", ("fake-hub",)),
    "study": Program("estimate both studies on the exports", "analysis.__main__", ("study",)),
    "calibrate": Program("how often estimates err", "analysis.__main__", ("calibrate",)),
    "report": Program("the report as a folder that opens from disk", "analysis.report.__main__"),
    "publish": Program("the tables as a data set for others", "analysis.__main__", ("publish",)),
    "spark": Program("the same marts on Spark", "hub_lineage.spark.__main__"),
}


class Forwarded(click.Command):
    """A command whose arguments another parser reads."""

    def __init__(self, name: str, program: Program) -> None:
        """Accept every argument unparsed, `--help` included."""
        super().__init__(
            name,
            callback=self.run,
            params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
            short_help=program.summary,
            add_help_option=False,
            context_settings={"ignore_unknown_options": True},
        )
        self.program = program

    def run(self, arguments: tuple[str, ...]) -> None:
        """Run the program and exit with its exit code."""
        module = importlib.import_module(self.program.module)
        raise SystemExit(module.main([*self.program.subcommand, *arguments]))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the options that the program's help names."""
        if not incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        help_text = io.StringIO()
        with contextlib.redirect_stdout(help_text), contextlib.suppress(SystemExit):
            self.run((HELP,))
        options = dict.fromkeys(re.findall(r"--[a-z][a-z-]+", help_text.getvalue()))
        return [CompletionItem(option) for option in options if option.startswith(incomplete)]


@click.group(NAME, context_settings={"help_option_names": ["-h", HELP]})
@click.version_option(version(), prog_name=NAME)
def main() -> None:
    """Who builds on whom on the Hugging Face Hub, as tested SQL tables.

    `hub-lineage COMMAND --help` says what a command takes. HUB_LANDING, HUB_DATABASE, HUB_EXPORTS,
    HUB_RESULTS and HUB_SITE name the folders that are read and written.
    """


for _name, _program in PROGRAMS.items():
    main.add_command(Forwarded(_name, _program))


@main.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a shell's completion script, to be sourced: source <(hub-lineage completion bash)."""
    kind = get_completion_class(shell)
    assert kind is not None, "SHELLS are those that click knows"
    click.echo(kind(main, {}, NAME, COMPLETE).source())


if __name__ == "__main__":
    main(prog_name=NAME)
