"""Measures the build against its floor and against other tools.

    python -m bench                              2,556,240 models, and the series
    python -m bench --models 250000 --series     one size, no series
    python -m bench --models 250000 --add        in addition to earlier measurements
    python -m bench --only tools --page docs/benchmark.md
                                                 one section anew, the others as they are

Draws a Hub of that size, builds it (with tests, without, in less memory, with a second snapshot),
and writes tables, a JSON file and a page. Every run is a process of its own. The JSON file is
written after each, so that nothing is lost when the bench is stopped; `--add` continues from there.
In an existing page, the sections that are not measured are kept.

Tools that the project does not install are measured if .venv-bench has requirements/bench.txt.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import duckdb

from bench.builds import (
    build,
    costs_of_statements,
    floor,
    rows_of,
    run,
    sums_of_marts,
    times_of_tests,
)  # fmt: skip
from bench.cores import cores
from bench.history import history
from bench.landings import SHAPES, SMALLEST, make_landing, make_second_week
from bench.measuring import PROJECT, BenchError
from bench.questions import MODELS_ASKED
from bench.report import (
    cores_table,
    history_table,
    page,
    runs_table,
    series_table,
    statements_table,
    study_table,
    tools_table,
)  # fmt: skip
from bench.side_by_side import side_by_side
from bench.study import STUDIES, study
from hub_lineage.build import MODELS_AND_SEEDS

SECTIONS = ("builds", "tools", "cores", "series", "histories", "studies")

MODELS = 2_556_240
"""As many models as the papers used."""

WEEKS = [4, 12, 26, 52]
"""The numbers of snapshots of the histories that are built."""

MODELS_OF_HISTORY = 250_000

SERIES = [250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000]


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="+", default=list(SECTIONS), choices=SECTIONS, metavar="SECTION",
        help=f"measure only these sections: {', '.join(SECTIONS)}",
    )  # fmt: skip
    parser.add_argument("--models", type=int, default=MODELS, help="models to draw (%(default)s)")
    parser.add_argument(
        "--series", type=int, nargs="*", default=SERIES, metavar="N", help="sizes of the series"
    )
    parser.add_argument(
        "--study", type=int, nargs="*", default=STUDIES, metavar="N",
        help="models of the landings on which the studies are run",
    )  # fmt: skip
    parser.add_argument(
        "--weeks", type=int, nargs="*", default=WEEKS, metavar="N",
        help="weekly snapshots of the histories that are built",
    )  # fmt: skip
    parser.add_argument(
        "--history", type=int, default=MODELS_OF_HISTORY, metavar="N",
        help="models of these histories (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--shapes", nargs="*", default=list(SHAPES), choices=SHAPES,
        help="shapes of the series; those other than the Hub's are drawn up to a million models",
    )  # fmt: skip
    parser.add_argument("--memory", default="4GB", help="memory limit of DuckDB (%(default)s)")
    parser.add_argument("--less-memory", default="2GB", help="and of a second build (%(default)s)")
    parser.add_argument(
        "--budget", type=float, default=20, metavar="S",
        help="CPU seconds that a tool may take for an answer (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--pairs", type=int, default=5, metavar="N",
        help="runs of ours and of a tool in turn, for each of its answers (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--cores", type=int, nargs="+", default=[1, 2, 4], metavar="N",
        help="cores of the builds, and threads of the statements, that are compared",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="only the full build and its floor")
    parser.add_argument(
        "--peers-python", type=Path, default=PROJECT / ".venv-bench/bin/python",
        help="Python with requirements/bench.txt (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--add", action="store_true", help="keep what the JSON file holds")
    parser.add_argument("--folder", type=Path, default=Path("results/bench"), help="workplace")
    parser.add_argument("--json", type=Path, default=Path("results/benchmark.json"))
    parser.add_argument("--page", type=Path, help="page to write, such as docs/benchmark.md")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> dict:
    """Make all runs; return what the JSON file holds."""
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "build"
    shutil.rmtree(place, ignore_errors=True)
    result = {
        "commands": [], "runs": [], "tests": {}, "statements": {}, "statements_models": 0,
        "tools": [], "cores": {}, "series": [], "study": [], "history": [],
    }  # fmt: skip
    if options.add and options.json.exists():
        result |= json.loads(options.json.read_text())
    command = {"command": described(options), "sections": options.only}
    result["commands"].append(command | machine())
    if "builds" in options.only:
        measure_builds(options, folder, result)
    if "tools" in options.only:
        measure_tools(options, folder, result)
    if "cores" in options.only:
        result["cores"] = cores(folder, options.models, options.memory, options.cores)
        save(result, options)
    for shape in options.shapes if "series" in options.only else []:
        for size in options.series:
            measured = {(one["shape"], one["models_drawn"]) for one in result["series"]}
            if (shape, size) in measured or (shape != "hub" and size > 1_000_000):
                continue
            name = f"landing-{size}" if shape == "hub" else f"landing-{size}-{shape}"
            cost = build(make_landing(folder / name, size, shape), place, options.memory)
            result["series"].append(run("dbt build", size, cost, shape=shape, **rows_of(place)))
            save(result, options)
            print(f"{shape} {size:,}: {cost.seconds:.1f} s", file=sys.stderr)
            shutil.rmtree(folder / name)
    shutil.rmtree(place, ignore_errors=True)
    for n_weeks in options.weeks if "histories" in options.only else []:
        if n_weeks not in {one["weeks"] for one in result["history"]}:
            one = history(folder, options.history, n_weeks, options.memory, max(options.weeks))
            result["history"].append(one)
            save(result, options)
            print(f"{n_weeks} weeks: {one['cpu_seconds']:.1f} s of CPU", file=sys.stderr)
    for size in options.study if "studies" in options.only else []:
        if size not in {one["models_drawn"] for one in result["study"]}:
            result["study"].append(study(folder, size))
            save(result, options)
            seconds = sum(row["cpu_seconds"] for row in result["study"][-1]["specifications"])
            print(f"the studies, {size:,}: {seconds:.1f} s of CPU", file=sys.stderr)
    return result


def measure_builds(options: argparse.Namespace, folder: Path, result: dict) -> None:
    """Measure the builds of one size, their floor, and each statement and test."""
    n = options.models
    landing = make_landing(folder / f"landing-{n}", n)
    place = folder / "build"

    def note(name: str, size: int, cost, **more) -> None:
        result["runs"].append(run(name, size, cost, **more))
        print(f"{name}, {size:,}: {cost.seconds:.1f} s, {cost.cpu_seconds:.1f} s of CPU, "
              f"{cost.gigabytes:.2f} GB", file=sys.stderr)  # fmt: skip
        save(result, options)

    if not options.quick:
        smallest = make_landing(folder / f"landing-{SMALLEST}", SMALLEST)
        note("dbt build of next to nothing", SMALLEST, build(smallest, place, options.memory))
        cost = build(landing, place, options.memory, MODELS_AND_SEEDS)
        note("dbt build without tests", n, cost)
        cost = build(landing, place, options.less_memory)
        note(f"dbt build, memory_limit {options.less_memory}", n, cost)
    cost = build(landing, place, options.memory)
    result["series"].append(run("dbt build", n, cost, shape="hub", **rows_of(place)))
    note(f"dbt build, memory_limit {options.memory}", n, cost, **rows_of(place))
    statements, tests = costs_of_statements(place), times_of_tests(place)
    if n >= result["statements_models"]:
        result |= {"statements": statements, "statements_models": n, "tests": tests}
    note("floor", n, floor(landing, place))
    if not options.quick:
        downstream = [
            "--select",
            "stg_hub__items+",
            "--exclude",
            "stg_hub__items",
            "resource_type:unit_test",
        ]
        cost = build(landing, place, options.memory, downstream, keep=True)
        note("dbt build without reading the JSON", n, cost)
        weeks = make_second_week(landing, folder / f"landing-{n}-weeks")
        cost = build(weeks, place, options.memory, keep=True)
        note("a second week, on top of the first", n, cost)
        sums = sums_of_marts(place)
        note("a second week, both read anew", n, build(weeks, place, options.memory))
        if sums_of_marts(place) != sums:
            raise BenchError("the marts of a second week differ from those of both read anew")
        shutil.rmtree(weeks)


def measure_tools(options: argparse.Namespace, folder: Path, result: dict) -> None:
    """Measure other tools on the edges of a build, which is made if there is none yet."""
    place = folder / "build"
    if not place.exists():
        landing = make_landing(folder / f"landing-{options.models}", options.models)
        asked = ["--select", *(f"+{model}" for model in MODELS_ASKED)]
        untested = ["--exclude", "resource_type:test", "resource_type:unit_test"]
        build(landing, place, options.memory, [*asked, *untested])
    result["tools"] = []
    for one in side_by_side(place, options.budget, options.pairs, options.peers_python):
        result["tools"].append(one)
        print(", ".join(map(str, one.values())), file=sys.stderr)
        save(result, options)


def save(result: dict, options: argparse.Namespace) -> None:
    """Write the JSON file, and the page if one is wanted."""
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=1) + "\n")
    if options.page:
        before = options.page.read_text() if options.page.exists() else ""
        options.page.write_text(page(result, before))


def described(options: argparse.Namespace) -> str:
    """The command without its local paths."""
    given = {
        "builds": ["--quick"] if options.quick else [],
        "tools": ["--budget", f"{options.budget:g}", "--pairs", options.pairs],
        "cores": ["--cores", *options.cores],
        "series": ["--series", *options.series],
        "histories": ["--history", options.history, "--weeks", *options.weeks],
        "studies": ["--study", *options.study],
    }
    words = ["python -m bench", "--models", options.models]
    words += ["--only", *options.only] if len(options.only) < len(SECTIONS) else []
    words += [word for section in options.only for word in given[section]]
    return " ".join(map(str, words))


def machine() -> dict:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "gigabytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        "duckdb": duckdb.__version__,
        "load": os.getloadavg()[0],
    }


def main() -> int:
    """Run the command line and return the exit code."""
    options = parse(sys.argv[1:])
    try:
        result = measure(options)
    except (BenchError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    save(result, options)
    if result["runs"]:
        print(runs_table(result), statements_table(result, 10), sep="\n\n")
    if result["tools"]:
        print("\n" + tools_table(result))
    if result["cores"]:
        print("\n" + cores_table(result))
    if result["series"]:
        print("\n" + series_table(result))
    if result["history"]:
        print("\n" + history_table(result))
    if result["study"]:
        print("\n" + study_table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
