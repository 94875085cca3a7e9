"""The table and the page of a benchmark, from its JSON."""

import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from bench.measuring import exponent
from bench.questions import DISRUPTION_STEPS


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers stand at the right."""
    is_number = [all(not isinstance(row[i], str) for row in rows) for i in range(len(header))]
    lines = ["| " + " | ".join(header) + " |"]
    lines.append("| " + " | ".join("---:" if number else "---" for number in is_number) + " |")
    lines += ["| " + " | ".join(figure(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def figure(value: object) -> str:
    """A value as the table shows it: whole numbers grouped, others with two digits that count."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        size = abs(value)
        digits = 0 if size >= 100 else 1 if size >= 1 else 3 if 0.001 <= size < 0.1 else 2
        return f"{value:,.{digits}f}"
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


def tools_table(result: dict) -> str:
    """Each question and tool: medians of the pairs, and of the ratios within them."""
    rows = []
    for one in result["tools"]:
        if "skipped" in one:
            continue
        ratios = [theirs / ours for ours, theirs in zip(one["ours"], one["theirs"], strict=True)]
        rows.append([
            one["question"], one["kept"], one["tool"], one["edges"], one["rows"],
            median(one["ours"]), median(one["theirs"]), median(ratios), len(ratios),
            f"{figure(min(ratios))} to {figure(max(ratios))}",
        ])  # fmt: skip
    return table(
        ["question", "answer", "tool", "edges", "rows, all equal", "our CPU seconds",
         "its CPU seconds", "ours is faster by", "pairs", "in all pairs"],
        rows,
    )  # fmt: skip


def cores_table(result: dict) -> str:
    """Builds on one core and on more, and all statements with one thread and with more."""
    measured = [
        (f"dbt build of {one['models_drawn']:,} models", one["cores"], one)
        for one in result["cores"]["builds"]
    ]
    measured += [
        (f"all {len(one['statements'])} statements", one["threads"], sum_of(one["statements"]))
        for one in result["cores"]["statements"]
    ]
    alone = {what: cost for what, n, cost in measured if n == 1}
    rows = [
        [
            what, n, cost["seconds"], cost["free_seconds"], cost["cpu_seconds"],
            cost["cpu_seconds"] / cost["free_seconds"],
            ratio(alone[what]["free_seconds"], cost["free_seconds"]) if what in alone else None,
        ]
        for what, n, cost in sorted(measured, key=lambda row: row[:2])
    ]  # fmt: skip
    return table(
        ["what", "cores", "seconds", "seconds, if cores were free", "CPU seconds", "cores in use",
         "times as fast as with one"],
        rows,
    )  # fmt: skip


def sum_of(costs: dict[str, dict[str, float]]) -> dict[str, float]:
    kinds = next(iter(costs.values()))
    return {kind: sum(cost[kind] for cost in costs.values()) for kind in kinds}


def serial_table(result: dict, n: int = 10) -> str:
    """The statements that gain least from more threads, by the seconds that stay the same.

    By Amdahl's law: s + (T - s) / n seconds with n threads where one takes T.
    """
    runs = sorted(result["cores"]["statements"], key=lambda one: one["threads"])
    first, last = runs[0], runs[-1]
    threads = last["threads"]
    rows = []
    for name, cost in first["statements"].items():
        one, more = cost["free_seconds"], last["statements"][name]["free_seconds"]
        serial = min(max((threads * more - one) / (threads - 1), 0.0), one)
        rows.append([name, one, more, serial])
    rows.sort(key=lambda row: (-row[-1], row[0]))
    rows.append([f"all {len(rows)}", *(sum(row[i] for row in rows) for i in (1, 2, 3))])
    return table(
        ["dbt model", "seconds with one thread", f"with {threads}", "of these serial"],
        [*rows[:n], rows[-1]],
    )


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


def skipped_tools(result: dict) -> str:
    """One line for each tool that was not measured."""
    skipped = {one["tool"]: one["skipped"] for one in result["tools"] if "skipped" in one}
    return "\n".join(f"* {tool}: {reason}" for tool, reason in skipped.items())


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
    "rebuild after the JSON, seconds": 30,
    "disruption in six windows, seconds": 3,
    "full build, times the floor": 3,
    "a second week, share of both read anew": 0.4,
    "exponent of the CPU seconds": 1.1,
}
"""The project's targets for 2,556,240 models on two otherwise idle cores: at most."""

TARGETS_OF_HISTORY = {
    "a history, its peak, GB": 4,
    "a history without reading JSON, times its last week alone": 2,
    "the last week of a history on top, times alone": 1.25,
    "exponent of a history over its weeks, without reading JSON": 0.6,
    "a history, bytes a row beyond the last week": 20,
}
"""The same of 52 weeks of 250,000 models."""


def targets_table(result: dict, targets: Mapping[str, float]) -> str:
    """Each target beside the largest size at which it was measured.

    Seconds are also given as CPU seconds per core, which is what they come to where both cores are
    free all the time.
    """
    rows = []
    for target, most in targets.items():
        measured = list(measured_of(target, result))
        if not measured:
            rows.append([target, str(float(most)), "-", "-", "-", "not measured"])
            continue
        models, value, by_cpu = max(measured)
        verdict = "yes" if min(value, value if by_cpu is None else by_cpu) <= most else "no"
        if by_cpu is not None and value > most >= by_cpu:
            verdict = "by CPU"
        rows.append([
            target, str(float(most)), f"{models:,}", figure(value), figure(by_cpu),
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
            sum(result["statements"][model][kind] for model in DISRUPTION_STEPS)
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


TITLES = (
    "Builds", "Targets", "The slowest steps", "Same work, side by side", "Cores", "The studies",
    "Histories", "Scaling",
)  # fmt: skip
"""The sections of the page, in their order."""


def page(result: dict, before: str = "") -> str:
    """The page of the docs: the sections that were measured, and the others as they were before."""
    parts = [
        "# Benchmark",
        "What a build costs, what other tools need for the same questions, and how both grow "
        "with the data. Each section names the command that measured it. Seconds vary between "
        "machines and with their load; CPU seconds vary less, ratios least.",
    ]
    if result["runs"]:
        parts += [
            "## Builds",
            "The drawn Hub, from raw JSON to all marts. dbt has read the project before, as in "
            "every run of build.py but the first; reading it takes seven CPU seconds. The floor "
            "only reads the raw columns once and writes the marts' bytes. The build of next to "
            "nothing shows dbt's own cost. In the second week one item in twenty has changed; the "
            "marts built on top of the first week are compared with those of both weeks read "
            "anew, and the benchmark fails unless they are equal.",
            runs_table(result),
            measured_by(result, "builds"),
            "## Targets",
            "The project's targets for 2,556,240 models on two otherwise idle cores, beside the "
            "largest size measured; ratios are of CPU seconds. [performance.md](performance.md) "
            "says what was tried.",
            targets_table(result, TARGETS),
        ]
    if result["statements"]:
        parts += [
            "## The slowest steps",
            "The statement of each dbt model, run again alone on the tables of a build of "
            f"{result['statements_models']:,} drawn models, except the few that read the landing.",
            statements_table(result),
            "Tests as they ran in the build, in parallel.",
            slowest_tests_table(result),
            measured_by(result, "builds"),
        ]
    if result["tools"]:
        parts += [
            "## Same work, side by side",
            "The project's statements and other tools, each answering one question from the "
            "same edges (whole numbers in memory): all rows of all answers are compared, and "
            "the benchmark fails unless they are equal. Each run is a process of its own, in "
            "pairs of ours and the tool's in either order; seconds are medians of all pairs, "
            "and the ratio is the median of the ratios within pairs. A slow tool gets a part of "
            "the edges, and so do we beside it; the slowest have one pair. An answer stays in "
            "memory, or is written into a DuckDB file, where ours writes all its steps. "
            "[performance.md](performance.md) draws the conclusions.",
            tools_table(result),
            *(["Not measured:", skipped_tools(result)] if skipped_tools(result) else []),
            measured_by(result, "tools"),
        ]
    if result["cores"]:
        parts += [
            "## Cores",
            "The same build on one core and on all, and its statements, each alone, with one "
            "thread and with more. Seconds are also given as if every thread had a free core: "
            "Linux counts how long threads wait. So more threads than cores can be shown, but "
            "not how they compete for memory.",
            cores_table(result),
            "The time that more threads do not shorten, computed from the statements' times "
            "with one thread and with most; dbt itself runs on one core.",
            serial_table(result),
            measured_by(result, "cores"),
        ]
    if result.get("study"):
        parts += [
            "## The studies",
            "`python -m analysis run` with its defaults on drawn landings of several sizes: CPU "
            "seconds of each specification with its exponent, and the largest resident set of "
            "the process while it ran.",
            study_table(result),
            measured_by(result, "studies"),
        ]
    if result.get("history"):
        parts += [
            "## Histories",
            f"Weekly snapshots of {result['history'][0]['models_drawn']:,} drawn models that "
            "change as on the Hub: most counters move, the metadata of one model in ten change, "
            "some models come, go, return or are recreated. From nothing they are read as "
            "build.py reads them, in parts with a fixed number of items. The time for reading "
            "JSON is estimated from the last week: its time per item, without dbt's start, times "
            "all items. The marts of the last week on top of the others are compared with those "
            "of all weeks from nothing, and the benchmark fails unless they are equal.",
            history_table(result),
            "The project's targets for 52 weeks of 250,000 models on two otherwise idle cores, "
            "beside the longest history measured.",
            targets_table(result, TARGETS_OF_HISTORY),
            measured_by(result, "histories"),
        ]
    if "series" in {section for one in result["commands"] for section in one["sections"]}:
        parts += [
            "## Scaling",
            "Exponents of CPU seconds over models plus edges: 1 is linear, 2 quadratic. dbt's "
            "own time is the same at every size and lowers the first exponent; the second "
            "leaves it out. `family` adds a base with one in fifty models as children, `merges` "
            "makes one in ten models a merge of 2 to 65 parents.",
            series_table(result),
            measured_by(result, "series"),
        ]
    head, new = sections_of("\n\n".join(parts))
    sections = sections_of(before)[1] | new
    return "\n\n".join([head, *(sections[one] for one in TITLES if one in sections)]) + "\n"


def sections_of(text: str) -> tuple[str, dict[str, str]]:
    """The text above the first heading of a page, and each section by its heading."""
    head, *sections = re.split(r"^(?=## )", text.strip(), flags=re.MULTILINE)
    titled = {one.partition("\n")[0].removeprefix("## "): one.strip() for one in sections}
    return head.strip(), titled


def measured_by(result: dict, section: str) -> str:
    """By which commands a section was measured, on which machine, and how busy that was."""
    return "\n".join(
        f"Measured by `{one['command']}`: {one['cores']} cores, {one['gigabytes']:.0f} GB, "
        f"DuckDB {one['duckdb']}, load before the run {one['load']:.1f}."
        for one in result["commands"]
        if section in one["sections"]
    )
