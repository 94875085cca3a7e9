"""The table and the page of a benchmark, from its JSON."""

from collections.abc import Iterator, Sequence

from bench.measuring import exponent
from bench.peers import OURS


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers stand at the right."""
    is_number = [all(not isinstance(row[i], str) for row in rows) for i in range(len(header))]
    lines = ["| " + " | ".join(header) + " |"]
    lines.append("| " + " | ".join("---:" if number else "---" for number in is_number) + " |")
    lines += ["| " + " | ".join(figure(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def figure(value: object) -> str:
    """A value as the table shows it: whole numbers grouped, others with two significant digits."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
    return str(value)


def runs_table(result: dict) -> str:
    """Every measured run, with the ratio of its CPU seconds to the floor's."""
    floors = {
        run["models_drawn"]: run["cpu_seconds"] for run in result["runs"] if run["run"] == "floor"
    }
    return table(
        ["run", "models drawn", "seconds", "CPU seconds", "GB", "times the floor, CPU"],
        [
            [
                run["run"], run["models_drawn"], run["seconds"], run["cpu_seconds"],
                run["gigabytes"], ratio(run["cpu_seconds"], floors.get(run["models_drawn"])),
            ]
            for run in result["runs"]
        ],
    )  # fmt: skip


def ratio(value: float, unit: float | None) -> float | None:
    return value / unit if unit else None


def peers_table(result: dict) -> str:
    """Each tool at the largest size it finished, scaled up to all edges by its exponent."""
    measured = [peer for peer in result["peers"] if "skipped" not in peer]
    return table(
        ["tool", "task", "edges", "its CPU seconds", "exponent", "all edges",
         "our CPU seconds, all edges", "ours is faster by"],
        list(peer_rows(measured)),
    )  # fmt: skip


def study_table(result: dict, most: int = 20) -> str:
    """CPU seconds and peak of each specification at each size, dearest first, and the exponent of
    its CPU seconds; the others in one row, all in the last."""
    studies = sorted(result["study"], key=lambda one: one["models_drawn"])
    sizes = [one["models_drawn"] for one in studies]
    costs = [{row["specification"]: row for row in one["specifications"]} for one in studies]
    names = sorted(costs[-1], key=lambda name: -costs[-1][name]["cpu_seconds"])
    groups = {name: [name] for name in names[:most]}
    if names[most:]:
        groups[f"{len(names[most:])} others"] = names[most:]
    groups["all"] = names
    rows = []
    for title, members in groups.items():
        found = [[cost[name] for name in members if name in cost] for cost in costs]
        seconds = [sum(row["cpu_seconds"] for row in part) for part in found]
        peaks = [max((row["gigabytes"] for row in part), default=0.0) for part in found]
        # Below a fifth of a second it is the start that is measured.
        grown = [(size, cost) for size, cost in zip(sizes, seconds, strict=True) if cost >= 0.2]
        slope = exponent([size for size, _ in grown], [cost for _, cost in grown])
        rows.append([title, *seconds, slope, *peaks])
    header = [f"{size:,} models, CPU seconds" for size in sizes]
    return table(
        ["specification", *header, "exponent", *(f"{size:,} models, GB" for size in sizes)], rows
    )


def history_table(result: dict) -> str:
    """Histories of growing length; in the last row the exponents over the number of weeks."""
    histories = sorted(result["history"], key=lambda one: one["weeks"])
    weeks = [one["weeks"] for one in histories]
    built = [*map(after_reading, histories)]
    rows = [
        [
            f"{one['weeks']}", one["item_rows"], one["cpu_seconds"], one["reading_cpu_seconds"],
            one["gigabytes"], one["last_week_alone_cpu_seconds"], one["on_top_cpu_seconds"],
            ratio(one["on_top_cpu_seconds"], one["last_week_alone_cpu_seconds"]),
            ratio(after_reading(one), one["last_week_alone_cpu_seconds"]), one["bytes_a_row"],
        ]
        for one in histories
    ]  # fmt: skip
    all_costs = [one["cpu_seconds"] for one in histories]
    rows.append(
        ["exponent, with reading and without", None, exponent(weeks, all_costs),
         exponent(weeks, built), *[None] * 6]
    )  # fmt: skip
    return table(
        ["weeks", "item rows", "from nothing, CPU seconds", "of it reading JSON", "GB",
         "last week alone, CPU seconds", "last week on top, CPU seconds", "on top / alone",
         "from nothing without reading / alone", "bytes a row beyond the last week"],
        rows,
    )  # fmt: skip


def skipped_peers(result: dict) -> str:
    """One line for each tool that was not measured."""
    lines = [
        f"* {peer['tool']}: {peer['skipped']}" for peer in result["peers"] if "skipped" in peer
    ]
    return "\n".join(lines)


def peer_rows(peers: Sequence[dict]) -> Iterator[list]:
    for tool in dict.fromkeys(peer["tool"] for peer in peers):
        runs = [peer for peer in peers if peer["tool"] == tool]
        last = runs[-1]
        # Below a fifth of a second it is the start that is measured.
        grown = [run for run in runs if run["cpu_seconds"] >= 0.2]
        slope = exponent([run["edges"] for run in grown], [run["cpu_seconds"] for run in grown])
        scaled = None
        if last["edges"] == last["all_edges"]:
            scaled = last["cpu_seconds"]
        elif slope is not None:
            scaled = last["cpu_seconds"] * (last["all_edges"] / last["edges"]) ** slope
        yield [
            tool, last["task"], last["edges"], last["cpu_seconds"], slope,
            last["all_edges"], last["our_cpu_seconds"],
            ratio(scaled, last["our_cpu_seconds"]) if scaled else None,
        ]  # fmt: skip


def series_table(result: dict) -> str:
    """The fitted exponents of each series of builds."""
    rows = []
    idle = cpu_of_dbt(result)
    for shape in dict.fromkeys(run["shape"] for run in result["series"]):
        runs = [run for run in result["series"] if run["shape"] == shape]
        runs.sort(key=lambda run: run["models"])
        sizes = [run["models"] + run["edges"] for run in runs]
        rows.append([
            shape, ", ".join(f"{run['models']:,}" for run in runs),
            ", ".join(f"{run['most_children']:,}" for run in runs),
            ", ".join(figure(run["cpu_seconds"]) for run in runs),
            exponent(sizes, [run["cpu_seconds"] for run in runs]),
            exponent(sizes, [run["cpu_seconds"] - idle for run in runs]) if idle else None,
        ])  # fmt: skip
    return table(
        ["shape", "models", "largest family", "CPU seconds", "exponent", "without dbt's own"], rows
    )


def cpu_of_dbt(result: dict) -> float:
    """The CPU seconds of a build in which there is nothing to do; 0 where it was not measured."""
    return next((run["cpu_seconds"] for run in result["runs"] if "nothing" in run["run"]), 0.0)


TARGETS = {
    "full build with all tests, seconds": 60,
    "its peak, GB": 4,
    "in 2 GB, times the full build": 2,
    "rebuild behind the JSON, seconds": 30,
    "disruption in six windows, seconds": 3,
    "full build, times the floor": 3,
    "a second week, share of both read anew": 0.4,
    "exponent of the CPU seconds": 1.1,
    "a history, its peak, GB": 4,
    "a history without reading JSON, times its last week alone": 2,
    "the last week of a history on top, times alone": 1.25,
    "exponent of a history over its weeks, without reading JSON": 0.6,
    "a history, bytes a row beyond the last week": 20,
}
"""What the project wants on two cores that do nothing else, at most: of builds at 2,556,240 models,
of a history of 52 weeks at 250,000."""


def targets_table(result: dict) -> str:
    """Each target beside the largest size at which it was measured.

    Seconds are also given as CPU seconds per core, which is what they come to where both cores are
    free all the time.
    """
    rows = []
    for target, most in TARGETS.items():
        measured = list(measured_of(target, result))
        if not measured:
            rows.append([target, float(most), "-", "-", "-", "not measured"])
            continue
        models, value, by_cpu = max(measured)
        verdict = "yes" if min(value, value if by_cpu is None else by_cpu) <= most else "no"
        if by_cpu is not None and value > most >= by_cpu:
            verdict = "by CPU"
        rows.append([
            target, float(most), f"{models:,}", figure(value), figure(by_cpu),
            verdict,
        ])  # fmt: skip
    return table(
        ["target", "at most", "models drawn", "measured", "CPU per core", "reached at that size"],
        rows,
    )


def measured_of(target: str, result: dict) -> Iterator[tuple[int, float, float | None]]:
    """Sizes at which a target was measured: models drawn, value, value by CPU seconds per core."""
    cores = result["commands"][-1]["cores"]
    runs = {}
    for run in result["runs"]:
        runs.setdefault(run["models_drawn"], {})[run["run"]] = run
    for models, of in runs.items():
        full = of.get("dbt build, memory_limit 4GB")
        less = of.get("dbt build, memory_limit 2GB")
        behind = of.get("dbt build without reading the JSON")
        week, weeks = (
            of.get("a second week, on top of the first"),
            of.get("a second week, both read anew"),
        )
        if target.startswith("full build with") and full:
            yield models, full["seconds"], full["cpu_seconds"] / cores
        elif target.startswith("its peak") and full:
            yield models, full["gigabytes"], None
        elif target.startswith("in 2 GB") and full and less:
            yield models, less["cpu_seconds"] / full["cpu_seconds"], None
        elif target.startswith("rebuild") and behind:
            yield models, behind["seconds"], behind["cpu_seconds"] / cores
        elif target.startswith("full build, times") and full and "floor" in of:
            yield models, full["cpu_seconds"] / of["floor"]["cpu_seconds"], None
        elif target.startswith("a second week") and week and weeks:
            yield models, week["cpu_seconds"] / weeks["cpu_seconds"], None
    if target.startswith("disruption") and result["statements"]:
        seconds, cpu_seconds = (
            sum(result["statements"][model][kind] for model in OURS["disruption"])
            for kind in ("seconds", "cpu_seconds")
        )
        yield result["statements_models"], seconds, cpu_seconds / cores
    yield from measured_of_history(target, result)
    if target == "exponent of the CPU seconds":
        hub = [run for run in result["series"] if run["shape"] == "hub"]
        sizes = [run["models"] + run["edges"] for run in hub]
        idle = cpu_of_dbt(result)
        slope = exponent(sizes, [run["cpu_seconds"] - idle for run in hub])
        if slope is not None:
            yield max(run["models_drawn"] for run in hub), slope, None


def measured_of_history(target: str, result: dict) -> Iterator[tuple[int, float, None]]:
    """The same of a history: what its longest one took, and how that grew with its weeks."""
    histories = sorted(result["history"], key=lambda one: one["weeks"])
    for one in histories[-1:]:
        models, alone = one["models_drawn"], one["last_week_alone_cpu_seconds"]
        if target.startswith("a history, its peak"):
            yield models, one["gigabytes"], None
        elif target.startswith("a history without"):
            yield models, after_reading(one) / alone, None
        elif target.startswith("the last week"):
            yield models, one["on_top_cpu_seconds"] / alone, None
        elif target.startswith("exponent of a history"):
            slope = exponent([one["weeks"] for one in histories], [*map(after_reading, histories)])
            if slope is not None:
                yield models, slope, None
        elif target.startswith("a history, bytes"):
            yield models, one["bytes_a_row"], None


def after_reading(history: dict) -> float:
    """CPU seconds of a history from nothing, without the pass over its JSON."""
    return history["cpu_seconds"] - history["reading_cpu_seconds"]


def statements_table(result: dict, n: int = 15) -> str:
    """The dbt models whose statements cost most, and all of them together."""
    costs = result["statements"]
    names = sorted(costs, key=lambda name: (-costs[name]["cpu_seconds"], name))
    rows = [[name, costs[name]["cpu_seconds"], costs[name]["seconds"]] for name in names[:n]]
    rows.append([
        f"all {len(costs)}", *(
            sum(cost[kind] for cost in costs.values()) for kind in ("cpu_seconds", "seconds")
        ),
    ])  # fmt: skip
    return table(["dbt model", "CPU seconds", "seconds"], rows)


def slowest_tests_table(result: dict, n: int = 5) -> str:
    """The data tests that took longest, and all of them together."""
    tests = result["tests"]
    rows = [[name, tests[name]] for name in sorted(tests, key=lambda name: (-tests[name], name))]
    return table(["dbt test", "seconds"], [*rows[:n], [f"all {len(rows)}", sum(tests.values())]])


def page(result: dict) -> str:
    """The page of the docs."""
    parts = ["# Benchmark", commands(result)]
    parts += [
        "## Builds",
        "The drawn Hub, from raw JSON to all marts. The floor reads the raw columns once and "
        "writes the marts' bytes, and does nothing else. The landing of next to nothing shows "
        "what dbt takes for itself. In the second week one item in twenty has changed; the marts "
        "built on top of the first week are compared with those of both weeks read anew, and the "
        "bench fails unless they are equal.",
        runs_table(result),
        "## Targets",
        "What the project wants on two cores that do nothing else, of 2,556,240 models and of 52 "
        "weeks of 250,000, beside the largest size that was measured; ratios are of CPU seconds. "
        "[performance.md](performance.md) says what was tried.",
        targets_table(result),
    ]
    if result["statements"]:
        parts += [
            "## The slowest steps",
            f"Of {result['statements_models']:,} drawn models: each model's statement once more by "
            "itself, on the tables that the build left; the few that read the landing aside.",
            statements_table(result),
            "Tests as they ran in the build, beside each other.",
            slowest_tests_table(result),
        ]
    if result["peers"]:
        parts += [
            "## Other tools on the same edges",
            "Each at the largest part of the edges that it finished in the time given to it, and "
            f"scaled to all edges of the build of {result['peers_models']:,} models by its "
            "exponent. Ours are the dbt models that answer the question, for all edges, run once "
            "more in a process of their own, writing included; they answer more than was asked "
            "(six windows; nine kinds of rivals in four windows). pyscisci knows years only and "
            "is asked for the index without a window, of the models with a child.",
            peers_table(result),
        ]
        if skipped_peers(result):
            parts += ["Not measured:", skipped_peers(result)]
    if result.get("study"):
        parts += [
            "## The studies",
            "`python -m analysis run` by its defaults on drawn landings of several sizes: CPU "
            "seconds of each specification with its exponent, and the largest resident set of the "
            "process while it ran.",
            study_table(result),
        ]
    if result.get("history"):
        parts += [
            "## Histories",
            f"Weekly snapshots of {result['history'][0]['models_drawn']:,} drawn models that live "
            "as on the Hub: most counters move, one model in ten says something new, some come, "
            "go, return and are made again. From nothing they are read as build.py reads them, in "
            "parts of so many items. Reading JSON is reckoned from the last week: what the pass "
            "over it takes an item, dbt's own start aside, times all items. The marts of the last "
            "week on top of the others are compared with those of all weeks from nothing, and the "
            "bench fails unless they are equal.",
            history_table(result),
        ]
    if result["series"]:
        parts += [
            "## Scaling",
            "Exponents of CPU seconds over models plus edges: 1 is linear, 2 quadratic. What dbt "
            "takes for itself is the same at every size and lowers the first; the second is "
            "without it. `family` adds a "
            "base with one in fifty models as children, `merges` makes one in ten models a merge "
            "of 2 to 65 parents.",
            series_table(result),
        ]
    return "\n\n".join(parts) + "\n"


def commands(result: dict) -> str:
    """What was run, on which machine, and how busy that was."""
    lines = [
        f"* `{command['command']}`: {command['cores']} cores, {command['gigabytes']:.0f} GB, "
        f"DuckDB {command['duckdb']}, load before the run {command['load']:.1f}"
        for command in result["commands"]
    ]
    return (
        "Measured by\n\n" + "\n".join(lines) + "\n\nSeconds vary from machine to machine and with "
        "what else runs there; CPU seconds vary less, ratios least."
    )
