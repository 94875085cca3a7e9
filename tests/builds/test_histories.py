"""A history, however it came to be, is its full refresh: row for row, byte for byte."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from running import DATABASE, contents, run_build, surroundings

from histories import weeks
from hub_lineage import build
from hub_lineage.build import MODELS_AND_SEEDS
from hub_lineage.landing import list_snapshots
from support import item, read, write_landing

CHANGES = {"added", "removed", "renamed", "recreated", "lineage_changed"}


@pytest.fixture
def exports(tmp_path) -> Callable[[str, Path], dict[str, str]]:
    """Builds a landing into a folder, upon what the folder holds; the digests of the exports."""

    def run(name: str, landing: Path) -> dict[str, str]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        finished = run_build(folder, *MODELS_AND_SEEDS, landing=landing)
        assert finished.returncode == 0, finished.stderr + finished.stdout[-3000:]
        return dict(contents(folder / "exports"))

    return run


def happenings(history: dict, seed: int) -> list[dict]:
    """The weeks that a landing holds at each build, and how it came to hold all of them.

    They arrive in any order and several at once; some are exchanged for those of another week and
    come back, some are removed and come back.
    """
    dice = random.Random(seed)
    moments = list(history)
    order = dice.sample(moments, len(moments))
    held: dict = {}
    builds = []
    while order:
        for moment in [order.pop() for _ in range(min(dice.randint(1, 3), len(order)))]:
            held[moment] = history[moment]
        builds.append(dict(held))
        chosen = dice.choice(list(held))
        if dice.random() < 0.5:
            held[chosen] = history[dice.choice(moments)]
        elif len(held) > 1:
            del held[chosen]
        builds.append(dict(held))
    return [*builds, history]


def hold(landing: Path, before: dict, now: dict) -> None:
    """Bring a landing from some weeks to others; files of weeks that stay are left alone."""
    for moment in [*before]:
        if now.get(moment) is not before[moment]:
            shutil.rmtree(landing / f"hub_models/snapshot_id={moment:%Y%m%dT%H%M%SZ}")
    come = {moment: week for moment, week in now.items() if week is not before.get(moment)}
    write_landing(landing, come)


@pytest.mark.slow
def test_a_history_that_arrived_in_any_order_is_its_full_refresh(exports, tmp_path):
    history = dict(weeks(3, 4))
    landing = tmp_path / "landing"
    second_and_fourth = dict(list(history.items())[1::2])
    hold(landing, {}, second_and_fourth)
    exports("on_top", landing)
    hold(landing, second_and_fourth, history)
    on_top = exports("on_top", landing)
    assert on_top == exports("anew", landing)
    changes = read(
        tmp_path / "anew" / DATABASE, "select distinct change from marts.snapshot_changes"
    )
    assert {row["change"] for row in changes} == CHANGES


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_a_history_it_is_its_full_refresh(seed, exports, tmp_path):
    """After every build, with immutable ids (even seeds) and with sources that lack them (odd)."""
    history = dict(weeks(seed, 6))
    landing, before = tmp_path / "landing", {}
    for number, now in enumerate(happenings(history, seed)):
        hold(landing, before, now)
        before = now
        on_top = exports("on_top", landing)
        shutil.rmtree(tmp_path / "anew", ignore_errors=True)
        assert on_top == exports("anew", landing), f"build {number}"


# a history that nobody has read yet


def test_a_long_history_is_read_in_parts_of_so_many_items(monkeypatch, tmp_path):
    """Weeks that were read stay; one with more items than that is a part of its own."""
    n_items = {"2025-01-06": 2, "2025-01-13": 2, "2025-01-20": 9, "2025-01-27": 1, "2025-02-03": 3}
    history = {day: [item(f"lab/{n}") for n in range(count)] for day, count in n_items.items()}
    snapshots = list_snapshots(write_landing(tmp_path, history))
    items = build.n_items_of(snapshots)
    first, second, third, fourth, fifth = (build.name_of(one) for one in snapshots)

    def parts(read=(), at_once=4):
        monkeypatch.setattr(build, "ITEMS_AT_ONCE", at_once)
        found = build.parts_of_history(snapshots, items, read)
        return [sorted(map(build.name_of, part)) for part in found]

    assert list(items.values()) == list(n_items.values())
    assert parts(at_once=17) == []
    assert parts() == [[first, second], [first, second, third]]
    assert parts(read=[third, fifth]) == [[first, second, third, fifth]]
    assert parts(read=[first, second, third, fourth]) == []


def test_weeks_that_were_read_are_expected_to_take_no_time(tmp_path):
    history = {"2025-01-06": [item("lab/a")], "2025-01-13": [item("lab/a")]}
    snapshots = list_snapshots(write_landing(tmp_path, history))
    items = dict.fromkeys(map(build.name_of, snapshots), 2_500_000)
    first, _ = items
    said = {read: build.expected(snapshots, items, read) for read in ((), (first,))}
    assert said[()] == "building 5,000,000 items of 2 snapshots: about 3 min on two free cores"
    assert said[first,] == said[()].replace("3 min", "2 min")


@pytest.mark.slow
def test_a_history_read_in_parts_is_that_read_at_once(monkeypatch, capfd, exports, tmp_path):
    history = dict(weeks(3, 5))
    landing = write_landing(tmp_path / "landing", history)
    at_once = exports("at_once", landing)
    in_parts = tmp_path / "in_parts"
    for name, value in surroundings(in_parts, landing=landing).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(build, "ITEMS_AT_ONCE", 2 * len(max(history.values(), key=len)))
    build.build([])
    said = capfd.readouterr()
    assert "reading 2 of 5 snapshots first" in said.out
    assert "reading 4 of 5 snapshots first" in said.out
    # Each of these weeks has a page that was fetched twice.
    assert said.err.count("names 1 model twice") == 5
    assert dict(contents(in_parts / "exports")) == at_once
