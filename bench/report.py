"""The table and the page of a benchmark, from its JSON."""

from collections.abc import Iterator, Sequence

from bench.measuring import exponent


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
    """Every measured run, with its ratio to the floor of the same landing."""
    floors = {
        run["models_drawn"]: run["seconds"] for run in result["runs"] if run["run"] == "floor"
    }
    return table(
        ["run", "models drawn", "seconds", "CPU seconds", "GB", "times the floor"],
        [
            [
                run["run"], run["models_drawn"], run["seconds"], run["cpu_seconds"],
                run["gigabytes"], ratio(run["seconds"], floors.get(run["models_drawn"])),
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
        ["tool", "task", "edges", "its seconds", "exponent", "all edges", "our seconds, all edges",
         "ours is faster by"],
        list(peer_rows(measured)),
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
        grown = [run for run in runs if run["work_seconds"] >= 0.2]
        slope = exponent([run["edges"] for run in grown], [run["work_seconds"] for run in grown])
        scaled = None
        if last["edges"] == last["all_edges"]:
            scaled = last["work_seconds"]
        elif slope is not None:
            scaled = last["work_seconds"] * (last["all_edges"] / last["edges"]) ** slope
        yield [
            tool, last["task"], last["edges"], last["work_seconds"], slope,
            last["all_edges"], last["our_seconds"],
            ratio(scaled, last["our_seconds"]) if scaled else None,
        ]  # fmt: skip


def series_table(result: dict) -> str:
    """The fitted exponents of each series of builds."""
    rows = []
    for shape in dict.fromkeys(run["shape"] for run in result["series"]):
        runs = [run for run in result["series"] if run["shape"] == shape]
        runs.sort(key=lambda run: run["models"])
        sizes = [run["models"] + run["edges"] for run in runs]
        rows.append([
            shape, ", ".join(f"{run['models']:,}" for run in runs),
            ", ".join(figure(run["cpu_seconds"]) for run in runs),
            exponent(sizes, [run["seconds"] for run in runs]),
            exponent(sizes, [run["cpu_seconds"] for run in runs]),
        ])  # fmt: skip
    return table(["shape", "models", "CPU seconds", "exponent, seconds", "exponent, CPU"], rows)


def slowest_table(result: dict, kind: str, n: int = 15) -> str:
    """The dbt steps that took longest."""
    steps = [(k.split(" ", 1)[1], v) for k, v in result["steps"].items() if k.startswith(kind)]
    steps.sort(key=lambda step: (-step[1], step[0]))
    return table([f"dbt {kind}", "seconds"], [list(step) for step in steps[:n]])


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
    ]
    if result["steps"]:
        parts += [
            "## The slowest steps",
            f"Of the build of {result['steps_models']:,} drawn models. Steps run beside each "
            "other and wait for each other's cores.",
            slowest_table(result, "model"),
            slowest_table(result, "test", 5),
        ]
    if result["peers"]:
        parts += [
            "## Other tools on the same edges",
            "Each at the largest part of the edges that it finished in the time given to it, and "
            "scaled to all of them by its exponent. Our seconds are those of the dbt models that "
            "answer the question, for all edges, writing included; they answer more than was asked "
            "(six windows; nine kinds of rivals in four windows). pyscisci knows years only and "
            "is asked for the index without a window, of the models with a child.",
            peers_table(result),
        ]
        if skipped_peers(result):
            parts += ["Not measured:", skipped_peers(result)]
    if result["series"]:
        parts += [
            "## Scaling",
            "Exponents of cost over models plus edges: 1 is linear, 2 quadratic. `family` adds a "
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
