"""Figures show what marts and results hold: as many, with true intervals, readable and harmless.

The marts are the sample's; the results are made up. What the figures should show is computed here
again by other means.
"""

import itertools
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import duckdb
import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import made_results
from analysis.figures import FIGURES, data_of, open_tables, theme, write_figures
from analysis.figures.charts import of_evidence, of_inheritance
from analysis.figures.charts.of_estimates import SIGNS
from analysis.figures.writing import SUFFIXES
from analysis.studies.shares import clustered_mean, clustered_share
from made_results import HOSTILE, SNAPSHOT, estimate, specification
from support import REPOSITORY

pytestmark = pytest.mark.xdist_group("figures")

NAMES = [figure.name for figure in FIGURES]
SVG = "{http://www.w3.org/2000/svg}"
PHONE = 390 - 2 * 16
"""Width of the text on a telephone, in pixels."""

# How many observations each figure rests on, counted in another way than its own query does.
COUNTS = {
    "mdi_distribution": """
        select count(*) from disruption d join hub_models m using (model_id)
        where window_name = '90d' and is_window_closed and not is_created_at_floor""",
    "mdi_by_relation_and_size": """
        select count(mdi) from disruption where window_name = '90d'""",
    "disruptive_share_over_time": """
        select sum(n_disruptive + n_zero + n_consolidative) from ecosystem_months
        where relation = 'all'""",
    "disruptive_share_by_window": """
        select max(n) from (
            select count(mdi) as n from disruption where is_window_closed group by window_name)""",
    "mdi_by_in_degree": """
        select count(mdi) from disruption where window_name = '90d'""",
    "growth_of_the_largest_family": """
        select count(*) from growth_curves join hub_models using (model_id)
        where growth_curves.likes is not null and root_id = (
            select arg_min(root_id, (-n_models, root_id)) from families)""",
    "recognition_by_release_order": """
        select count(*) from recognition_panel where sample_exclusion is null
        and release_percentile is not null and parent_id in (
            select parent_id from recognition_panel where sample_exclusion is null
            and release_percentile is not null group by parent_id having count(*) >= 2)""",
    "recognition_by_order_and_crowding": """
        select count(*) from recognition_panel where sample_exclusion is null
        and release_percentile is not null and parent_id in (
            select parent_id from recognition_panel where sample_exclusion is null
            and release_percentile is not null group by parent_id having count(*) >= 2)""",
}


@pytest.fixture(scope="module")
def exports(sample_exports) -> Path:
    return sample_exports


def results_in(folder: Path, title: str) -> Path:
    """Results with something for every figure that reads them; `title` stands wherever text can."""
    estimates = [
        estimate(one, term, value, title=title, outcome=title)
        for one in ("RR1", "RR4", "RR5")
        for term, value in (("log_rank", -0.12), ("log_crowd_30", 0.03))
    ]
    # One interval so wide that the others would vanish.
    estimates.append(
        estimate("RR14", "log_rank", 0.5, interval_low=-90.0, interval_high=91.0, n_used=40)
    )
    estimates += [
        estimate(one, term, 0.05, study="disruption", estimator="ols", outcome="mdi", n_used=200)
        for one in ("DM3", "DM5")
        for term in ("log_size", "is_finetune")
    ]
    estimates += [
        estimate("RR12.bins", f"rank_{rank}", -0.1 * place, n_used=900)
        for place, rank in enumerate(("2", "3_5", "6_10", "101"))
    ]
    estimates += [
        estimate("RR26", f"crowd_{rivals}", -0.1 * place, n_used=900)
        for place, rivals in enumerate(("1", "2_5", "6_10", "101"))
    ]
    estimates += [
        estimate("RR20.event_study", f"week_{week}", 0.01, n_used=5000)
        for week in ("minus_4", "minus_3", "minus_2", "plus_0", "plus_1", "plus_8")
    ]
    curve = [
        {
            "curve": name, "data": f"data {place % 3}", "outcome": title, "term": term,
            "order": f"order {place % 2}", "sample": f"{title} {place % 5}", "status": "ok",
            "estimate": value, "standard_error": 0.1, "interval_low": value - 0.196,
            "interval_high": value + 0.196, "n_used": 100, "snapshot_id": SNAPSHOT,
        }
        for name, terms in {
            "recognition": ("order", "crowding"), "disruption": ("size", "finetune"),
            "data": ("log_rank", "log_crowd_30", "log_size", "is_finetune"),
        }.items()
        for term in terms
        for place, value in enumerate(np.linspace(-0.5, 0.3, 17).tolist())
    ]  # fmt: skip
    inference = [
        {
            "curve": "recognition", "term": "order", "statistic": statistic, "p_value": p_value,
            "n_combinations": 256, "n_draws": 499, "dealt_out": title,
        }
        for statistic, p_value in (
            ("median", 0.012), ("share of the predominant sign", 0.4),
            ("share significant in it", 0.034),
        )
    ]  # fmt: skip
    calibration = [
        {
            "world": world, "specification_id": one, "term": term, "truth": 0.0,
            "mean_estimate": 0.01, "null_low": -0.1, "null_high": 0.1, "real_estimate": real,
            "p_against_null": 0.02, "n_draws": 60,
        }
        for world in ("no_effect", title)
        for one, term, real in (("RR4", "log_rank", -0.3), ("DM5", "is_finetune", 0.05))
    ]  # fmt: skip
    evidence = [
        {
            "phases": phases, "measure": measure, "estimate": share, "interval_low": low,
            "interval_high": high, "n_right": 90, "n": 136, "n_owners": 60, "n_labelled": 189,
            "population": title, "snapshot_id": SNAPSHOT,
        }
        for measure in ("precision", "recall")
        for phases, share, low, high in (
            ("hub", 0.6, 0.5, 0.7), ("name", 0.04, None, None), ("declared", 0.67, 0.54, 0.78),
        )
    ]  # fmt: skip
    missing_edges = [
        {
            "scenario": scenario, "form": "mdi", "window_name": window,
            "measure": "share_disruptive", "observed": 0.08, "mean": mean, "low": mean - 0.01,
            "high": mean + 0.01, "n_draws": 20, "n_observed": 400, "mean_n": 380.0,
            "mean_edges": 700.0, "n_edges": 1000, "snapshot_id": SNAPSHOT,
        }
        for window in ("30d", "90d", "all")
        for scenario, mean in (("random", 0.06), ("labelled", 0.05), ("candidates", 0.09))
    ]  # fmt: skip
    return made_results.write(
        folder, [specification("RR4")], estimates, curve=curve, curve_inference=inference,
        calibration=calibration, evidence=evidence, missing_edges=missing_edges,
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn(exports, tmp_path_factory) -> Path:
    """The results' folder with all figures, and how each fared in `report.json`."""
    folder = results_in(tmp_path_factory.mktemp("drawn") / "results", "likes")
    report = write_figures(folder, exports, FIGURES)
    (folder / "report.json").write_text(json.dumps(report), "utf-8")
    return folder


def about(drawn: Path, name: str) -> dict:
    return json.loads((drawn / "figures" / f"{name}.json").read_text("utf-8"))


def numbers(drawn: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(drawn / "figures" / f"{name}.csv")


def picture(drawn: Path, name: str) -> ElementTree.Element:
    return ElementTree.fromstring((drawn / "figures" / f"{name}.svg").read_text("utf-8"))


def ask(exports: Path, sql: str) -> pd.DataFrame:
    with open_tables(exports, exports) as connection:
        return connection.execute(sql).df()


# every figure


def test_every_figure_is_drawn_once_there_is_something_for_it(drawn):
    report = json.loads((drawn / "report.json").read_text("utf-8"))
    assert report == [[name, "ok", ""] for name in NAMES]


def test_there_are_the_five_files_of_every_figure_and_no_others(drawn):
    files = {path.name for path in (drawn / "figures").iterdir()}
    assert files == {f"{name}.{suffix}" for name in NAMES for suffix in SUFFIXES}


@pytest.mark.parametrize("name", COUNTS)
def test_a_figure_rests_on_as_many_as_the_mart_holds(drawn, exports, name):
    expected = int(ask(exports, COUNTS[name]).iloc[0, 0])
    assert about(drawn, name)["n"] == expected > 0
    assert f"N = {expected:,} " in about(drawn, name)["caption"]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_says_what_it_shows_in_words(drawn, name):
    said = about(drawn, name)
    assert len(said["alternative_text"]) > 60
    assert re.search(r"\d", said["alternative_text"])
    assert "nan" not in said["alternative_text"].lower().replace("finance", "")
    root = picture(drawn, name)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == said["title"]
    assert said["alternative_text"] in root.find(f"{SVG}desc").text
    described = root.get("aria-labelledby").split()
    assert described == [root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")]


@pytest.mark.parametrize("name", NAMES)
def test_title_n_snapshot_and_filter_stand_in_the_picture(drawn, name):
    said = about(drawn, name)
    shown = " ".join("".join(text.itertext()) for text in picture(drawn, name).iter(f"{SVG}text"))
    for word in f"{said['title']} {said['caption']}".split():
        assert word in shown
    if not name.startswith("calibration"):
        assert re.search(r"snapshot of \d{4}-\d\d-\d\d\.", said["caption"])
    assert said["caption"].startswith("N = ")


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_scales_and_can_be_read_on_a_telephone(drawn, name):
    root = picture(drawn, name)
    width = float(root.get("viewBox").split()[2])
    assert root.get("width") is None
    assert width <= 520
    sizes = [
        float(re.match(r"[\d.]+", text.get("font-size")).group())
        for text in root.iter(f"{SVG}text")
    ]
    assert min(sizes) * PHONE / width >= 7


@pytest.mark.parametrize("name", NAMES)
def test_no_text_leaves_the_picture(drawn, name):
    root = picture(drawn, name)
    width, height = (float(part) for part in root.get("viewBox").split()[2:])
    for text, x, y in placed_texts(root):
        assert -2 <= y <= height + 2
        if "rotate(-90" in (text.get("transform") or ""):
            continue
        size = float(re.match(r"[\d.]+", text.get("font-size")).group())
        for line in [text, *text]:
            # Letters are about half as wide as high.
            reach = 0.5 * size * len(line.text or "")
            anchor = text.get("text-anchor")
            left = x - (reach if anchor == "end" else reach / 2 if anchor == "middle" else 0)
            assert left > -0.1 * reach - 4, line.text
            assert left + reach < width + 0.1 * reach + 4, line.text


def placed_texts(node: ElementTree.Element, x: float = 0, y: float = 0):
    """Each text of an SVG with the place of its anchor; its further lines are its children."""
    shift = re.search(r"translate\(([-\d.]+),([-\d.]+)\)", node.get("transform") or "")
    if shift:
        x, y = x + float(shift.group(1)), y + float(shift.group(2))
    if node.tag == f"{SVG}text":
        yield node, x, y
    for child in node:
        yield from placed_texts(child, x, y)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_one_image_with_one_text(drawn, name):
    root = picture(drawn, name)
    assert root.get("role") == "img"
    named = {one.get("id") for one in root if one.tag in (f"{SVG}title", f"{SVG}desc")}
    assert set(root.get("aria-labelledby").split()) == named
    for one in root.iter():
        assert one is root or not {"role", "aria-label", "aria-roledescription"} & set(one.attrib)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_asks_no_other_host_and_clashes_with_no_other(drawn, name):
    text = (drawn / "figures" / f"{name}.svg").read_text("utf-8")
    links = set(re.findall(r"https?://[^\"' ]+", text))
    assert links <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert all(one.startswith(f"{name}-") for one in re.findall(r'\bid="([^"]*)"', text))
    assert all(one.startswith(f"{name}-") for one in re.findall(r"url\(#([^)]*)\)", text))


@pytest.mark.parametrize("name", NAMES)
def test_without_its_title_a_picture_keeps_all_else_and_nothing_above(drawn, name):
    text = (drawn / "figures" / f"{name}.svg").read_text("utf-8")
    whole, rest = picture(drawn, name), ElementTree.fromstring(theme.untitled(text))
    texts, left = (["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
                   for root in (whole, rest))  # fmt: skip
    assert len(texts) - len(left) == 2
    assert any(one.startswith("N = ") for one in texts)
    assert not any(one.startswith("N = ") for one in left)
    top = float(rest.get("viewBox").split()[1])
    assert top > 30
    assert all(y > top for _, _, y in placed_texts(rest))
    assert theme.untitled(theme.untitled(text)) == theme.untitled(text)


@pytest.mark.parametrize("name", NAMES)
def test_the_png_shows_the_title(drawn, name):
    pixels = matplotlib.image.imread(drawn / "figures" / f"{name}.png")[..., :3]
    title = pixels[: 25 * theme.PNG_SCALE, : 150 * theme.PNG_SCALE]
    dark = (title.max(axis=2) < 0.5).mean()
    # Without a font the text is left out, silently.
    assert 0.01 < dark < 0.5
    assert pixels[-2, -2].min() == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_sql_alone_gives_the_numbers_that_are_drawn(drawn, exports, name):
    sql = (drawn / "figures" / f"{name}.sql").read_text("utf-8")
    assert str(exports) not in sql
    assert str(drawn) not in sql
    reads_results = any((drawn / f"{one}.parquet").exists() for one in figure(name).reads)
    folder = drawn if reads_results else exports
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"set file_search_path = '{folder}'")
        again = connection.execute(sql).df()
    shown = numbers(drawn, name)
    assert list(shown.columns) == list(again.columns)
    for column in shown:
        if pd.api.types.is_float_dtype(shown[column]):
            np.testing.assert_allclose(
                shown[column], again[column].astype(float), rtol=1e-8, atol=1e-12
            )
        else:
            assert shown[column].astype(str).tolist() == again[column].astype(str).tolist()


def figure(name: str):
    return next(one for one in FIGURES if one.name == name)


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_a_second_run_in_another_process_writes_the_same_bytes(drawn, exports, every):
    before = {path.name: path.read_bytes() for path in (drawn / "figures").iterdir()}
    subprocess.run(
        [sys.executable, "-c", "import sys; from analysis.figures import FIGURES, write_figures; "
         f"write_figures(*sys.argv[1:], FIGURES[::{every}])", str(drawn), str(exports)],
        cwd=REPOSITORY, env=os.environ | {"PYTHONHASHSEED": "7"}, check=True,
    )  # fmt: skip
    after = {path.name: path.read_bytes() for path in (drawn / "figures").iterdir()}
    assert {name for name in before if before[name] != after.get(name)} == set()


def test_hostile_text_is_shown_and_not_run(tmp_path):
    folder = results_in(tmp_path / "results", HOSTILE)
    with open_tables(folder, folder) as connection:
        for name in ("coefficients_racing", "specification_curve_order", "calibration_racing"):
            frame, _ = data_of(figure(name), connection)
            text = theme.rendered(figure(name).draw(frame))
            file = theme.svg(text, name, HOSTILE, HOSTILE)
            root = ElementTree.fromstring(file)
            assert root.find(f".//{SVG}script") is None
            assert "<script>" not in file
            assert root.find(f"{SVG}desc").text == HOSTILE
            assert "<script>" in "".join("".join(t.itertext()) for t in root.iter(f"{SVG}text"))


# nothing to draw


def test_without_any_file_each_figure_says_what_is_missing(tmp_path):
    report = write_figures(tmp_path / "results", tmp_path / "exports", FIGURES)
    assert [name for name, _, _ in report] == NAMES
    assert {status for _, status, _ in report} == {"not_drawn"}
    assert all(reason.startswith("no ") and ".parquet" in reason for _, _, reason in report)


def test_empty_tables_give_a_reason_and_leave_no_file_of_an_earlier_run(drawn, exports, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with duckdb.connect() as connection:
        for path in (*exports.glob("*.parquet"), *drawn.glob("*.parquet")):
            connection.execute(
                f"copy (from '{path}' limit 0) to '{empty / path.name}' (format parquet)"
            )
    stale = empty / "figures" / "mdi_distribution.svg"
    stale.parent.mkdir()
    stale.write_text("from an earlier run")
    report = write_figures(empty, empty, FIGURES)
    assert {status for _, status, _ in report} == {"not_drawn"}
    assert all(reason.startswith("needs ") for _, _, reason in report)
    assert list(stale.parent.iterdir()) == []


# numbers


def test_shares_of_the_distribution_have_intervals_over_families_and_add_up_to_one(drawn, exports):
    shown = numbers(drawn, "mdi_distribution").set_index(["focals", "mdi_range"])
    np.testing.assert_allclose(shown.groupby("focals").share.sum(), 1)
    focals = ask(
        exports,
        "select coalesce(root_id, model_id) as root_id, mdi = 1 as is_one from disruption_panel "
        "where is_window_closed and relation != 'none' and sample_exclusion is distinct from "
        "'creation_date_floor'",
    )
    row = shown.loc[("with a declared parent", "1")]
    assert row.n == focals.is_one.sum()
    assert_interval_over_families(row, focals.is_one.fillna(False).astype(bool), focals.root_id)


def test_shares_by_month_and_window_have_intervals_over_families(drawn, exports):
    focals = ask(
        exports,
        "select *, coalesce(root_id, model_id) as family from disruption_panel "
        "where mdi is not null and release_month is not null",
    )
    months = numbers(drawn, "disruptive_share_over_time").set_index(["focals", "month"])
    drawn_ones = months.dropna(subset="share")
    assert len(drawn_ones)
    for (focals_of, month), row in drawn_ones.iterrows():
        chosen = focals[focals.release_month == pd.Timestamp(month)]
        if focals_of == "without quantized":
            chosen = chosen[chosen.relation != "quantized"]
        assert (row.n, row.n_clusters) == (len(chosen), chosen.family.nunique())
        assert_interval_over_families(row, chosen.mdi > 0, chosen.family)
    windows = numbers(drawn, "disruptive_share_by_window").set_index(["focals", "window_name"])
    found = ask(
        exports,
        "select mdi, coalesce(root_id, model_id) as family from disruption "
        "left join hub_models using (model_id) "
        "where window_name = '180d' and is_window_closed and mdi is not null",
    )
    row = windows.loc[("all defined in the window", "180d")]
    assert_interval_over_families(row, found.mdi > 0, found.family)


def assert_interval_over_families(row: pd.Series, holds: pd.Series, families: pd.Series) -> None:
    """The share of a figure's row and its interval, by analysis/studies/shares.py."""
    by_family = holds.astype(int).groupby(families).agg(["sum", "size"])
    expected = clustered_share(by_family["sum"], by_family["size"])
    assert row.share == pytest.approx(expected.estimate)
    if expected.reason:
        assert pd.isna(row.low)
        assert pd.isna(row.high)
    else:
        tolerance = 1e-3 * (expected.high - expected.low)
        ends = (expected.low, expected.high)
        assert (row.low, row.high) == pytest.approx(ends, abs=tolerance)


def test_roots_stand_apart_and_mass_points_are_not_mixed_with_their_neighbours(drawn, exports):
    shown = numbers(drawn, "mdi_distribution").set_index(["focals", "mdi_range"]).n
    focals = ask(exports, "from disruption_panel where is_window_closed and mdi is not null")
    for value in (-1, 0, 1):
        expected = int((focals.mdi == value).sum())
        assert shown.get(("with a declared parent", str(value)), 0) == expected
    between = int(((focals.mdi > 0) & (focals.mdi < 1)).sum())
    inner = [f"{low:.1f} to {low + 0.2:.1f}" for low in (0, 0.2, 0.4, 0.6, 0.8)]
    assert sum(shown.get(("with a declared parent", name), 0) for name in inner) == between
    assert set(shown["no declared parent"].index) == {"undefined"}


def test_mean_indices_have_intervals_over_families(drawn, exports):
    shown = numbers(drawn, "mdi_by_relation_and_size").dropna(subset="mean_mdi")
    focals = ask(exports, "select *, coalesce(size_class, 'unknown') as size from disruption_panel")
    assert len(shown)
    for row in shown.itertuples():
        cell = focals[(focals.relation == row.relation) & (focals["size"] == row.size_class)]
        families = cell.root_id.fillna(cell.model_id)
        by_family = cell.mdi.dropna().groupby(families).agg(["sum", "size"])
        expected = clustered_mean(by_family["sum"], by_family["size"])
        assert (row.n, row.n_clusters) == (expected.n, expected.n_clusters)
        assert row.mean_mdi == pytest.approx(expected.estimate)
        if not expected.reason:
            tolerance = 1e-3 * (expected.high - expected.low)
            assert row.low == pytest.approx(expected.low, abs=tolerance)
            assert row.high == pytest.approx(expected.high, abs=tolerance)


def test_small_cells_and_months_show_their_count_but_no_mean(drawn):
    cells = numbers(drawn, "mdi_by_relation_and_size")
    few = (cells.n < 10) | (cells.n_clusters < 10)
    assert few.any()
    assert cells[few].mean_mdi.isna().all()
    assert cells[~few].mean_mdi.notna().all()
    months = numbers(drawn, "disruptive_share_over_time")
    assert (months.n < 30).any()
    assert months[months.n < 30].share.isna().all()
    assert months[months.n >= 30].share.notna().all()


def test_months_whose_window_is_open_are_those_that_end_within_90_days_of_the_snapshot(
    drawn, exports
):
    months = numbers(drawn, "disruptive_share_over_time")
    months = months[months.focals == "all relations"]
    snapshot = ask(exports, "select max(snapshot_at) as at from model_metrics")["at"].iloc[0]
    ends = pd.to_datetime(months.month) + pd.offsets.MonthBegin(1)
    closed_until = snapshot - pd.Timedelta(days=90)
    assert months.has_open_windows.any()
    assert not months[ends <= closed_until].has_open_windows.any()
    starts = pd.to_datetime(months.month)
    assert months[starts > closed_until].has_open_windows.all()


def test_the_same_focals_stand_in_every_window(drawn):
    shown = numbers(drawn, "disruptive_share_by_window")
    same = shown[shown.focals == "the same in every window"]
    assert len(same) == 6
    assert same.n.nunique() == 1


def test_recognition_is_net_of_base_and_month_as_a_regression_on_their_dummies_leaves_it(exports):
    with open_tables(exports, exports) as connection:
        connection.execute(figure("recognition_by_release_order").prelude)
        found = connection.execute(
            "from within_base_and_month where outcome = 'likes' order by parent_id, child_id"
        ).df()
    months = ask(exports, "select parent_id, child_id, release_month from recognition_panel")
    found = found.merge(months, on=["parent_id", "child_id"], validate="one_to_one")
    dummies = pd.get_dummies(found[["parent_id", "release_month"]].astype(str)).to_numpy(float)
    for outcome, net in (
        ("recognition", "net_recognition"),
        ("release_percentile", "net_percentile"),
    ):
        values = found[outcome].to_numpy()
        fitted = dummies @ np.linalg.lstsq(dummies, values, rcond=None)[0]
        np.testing.assert_allclose(found[net], values - fitted, atol=1e-8)
    assert (found.groupby("parent_id").size() >= 2).all()


def test_bins_of_the_binned_scatter_are_equal_and_ordered(drawn):
    shown = numbers(drawn, "recognition_by_release_order")
    for _, bins in shown.groupby("outcome"):
        assert bins.n.max() - bins.n.min() <= 1
        assert bins.n.min() >= 30
        assert bins.n.sum() == bins.n_outcome.iloc[0]
        assert bins.release_percentile.is_monotonic_increasing


def test_cells_below_thirty_are_blank_and_the_cells_hold_everybody_once(drawn):
    cells = numbers(drawn, "recognition_by_order_and_crowding")
    assert cells[cells.n < 30].mean_recognition.isna().all()
    assert cells[cells.n >= 30].mean_recognition.notna().all()
    assert not cells.duplicated(["percentile_bin", "rivals_at_least"]).any()


def test_points_of_student_are_right_from_four_degrees_of_freedom_on(exports):
    with open_tables(exports, exports) as connection:
        connection.execute(figure("mdi_by_in_degree").prelude)
        for degrees in (4, 5, 10, 30, 1000):
            found = connection.execute(f"select t_point({degrees})").fetchall()[0][0]
            assert found == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-3)


def ends_of_difference(exports: Path, a: int, b: int, n: int) -> tuple[float, float]:
    with open_tables(exports, exports) as connection:
        connection.execute(figure("mdi_by_in_degree").prelude)
        return connection.execute(
            f"select difference_low({a}, {b}, {n}), difference_high({a}, {b}, {n})"
        ).fetchall()[0]


def test_the_interval_of_an_index_is_that_of_a_difference_of_paired_shares(exports):
    # Bonett and Price (2012) worked by hand: 15 + 1 and 5 + 1 of 40 + 2.
    p, q = 16 / 42, 6 / 42
    half = 1.959964 * ((p + q - (p - q) ** 2) / 42) ** 0.5
    assert ends_of_difference(exports, 15, 5, 40) == pytest.approx((p - q - half, p - q + half))
    assert ends_of_difference(exports, 3, 0, 3)[1] == 1
    assert ends_of_difference(exports, 0, 3, 3)[0] == -1


@pytest.mark.parametrize("n", [6, 20])
def test_the_interval_of_an_index_holds_the_truth_as_often_as_it_says(exports, n):
    with open_tables(exports, exports) as connection:
        connection.execute(figure("mdi_by_in_degree").prelude)
        ends = connection.execute(
            "select a, b, difference_low(a, b, $n), difference_high(a, b, $n) "
            "from range($n + 1) as one(a), range($n + 1) as other(b) where a + b <= $n",
            {"n": n},
        ).fetchall()
    covered = []
    for p, q in itertools.product(np.linspace(0.05, 0.75, 8), repeat=2):
        if p + q <= 0.95:
            covered.append(
                sum(
                    stats.multinomial.pmf([a, b, n - a - b], n, [p, q, 1 - p - q])
                    for a, b, low, high in ends
                    if low <= p - q <= high
                )
            )
    assert 0.945 < np.mean(covered) < 0.98
    assert min(covered) > 0.92


def test_a_curve_is_in_order_and_says_how_many_intervals_leave_zero(drawn):
    shown = numbers(drawn, "specification_curve_order").drop_duplicates("place")
    assert len(shown) == 17
    assert shown.sort_values("place").height.is_monotonic_increasing
    values = np.linspace(-0.5, 0.3, 17)
    below, above = (values + 0.196 < 0).sum(), (values - 0.196 > 0).sum()
    said = about(drawn, "specification_curve_order")["alternative_text"]
    assert f"{below} have an interval below zero, {above} above zero" in said


def test_a_curve_that_was_tested_as_a_whole_says_so_and_another_does_not(drawn):
    caption = about(drawn, "specification_curve_order")["caption"]
    assert "Joint test of 256 combinations against 499 curves by chance" in caption
    assert "p = 0.012 (median), 0.400 (share of one sign), 0.034 (share significant" in caption
    assert "Joint test" not in about(drawn, "specification_curve_order_by_data")["caption"]


def test_the_week_before_a_burst_and_the_first_rank_are_the_references(drawn):
    weeks = numbers(drawn, "likes_around_a_burst").set_index("week").estimate
    assert list(weeks.index) == [-4, -3, -2, -1, 0, 1, 8]
    assert weeks[-1] == 0
    ranks = numbers(drawn, "recognition_by_rank_bin")
    bins = [name.replace("\N{EN DASH}", " to ") for name in ranks.rank_bin]
    assert bins == ["1", "2", "3 to 5", "6 to 10", "101+"]
    assert ranks.estimate.iloc[0] == 0
    crowds = numbers(drawn, "recognition_by_crowding")
    bins = [name.replace("\N{EN DASH}", " to ") for name in crowds.rivals.astype(str)]
    assert bins == ["0", "1", "2 to 5", "6 to 10", "101+"]
    assert crowds.estimate.iloc[0] == 0


def test_one_wild_interval_does_not_hide_the_others(drawn):
    axis = [
        float(text.text.replace("\N{MINUS SIGN}", "-"))
        for text, _, _ in placed_texts(picture(drawn, "coefficients_racing"))
        if re.fullmatch(r"\N{MINUS SIGN}?\d+(\.\d+)?", text.text or "")
    ]
    assert axis
    assert max(map(abs, axis)) < 5


# colours


def luminance(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_the_page_in_both_modes(mode):
    colours = {name: pair[mode] for name, pair in theme.COLOURS.items()}
    for name in ("ink", "muted"):
        assert contrast(colours[name], colours["page"]) >= 4.5
    for name in ("blue", "vermilion", "green", "purple", "grey", "amber"):
        assert contrast(colours[name], colours["page"]) >= 3
    for name in ("below-2", "below-1", "level", "above-1", "above-2"):
        assert contrast(colours["ink"], colours[name]) >= 4.5
    for name in ("below-3", "above-3"):
        assert contrast(colours["page"], colours[name]) >= 4.5


# Machado, Oliveira and Fernandes (2009), table 1, severity 1.0: what is left of linear red, green
# and blue to readers without the cones for long, middle or short waves.
SIGHT = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip


def seen(colour: str, sight: np.ndarray) -> np.ndarray:
    """A colour as a reader sees it, in CIELAB (white of D65): lightness, a, b."""
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]]
    )  # fmt: skip
    share = to_xyz @ np.clip(sight @ linear, 0, 1) / to_xyz.sum(axis=1)
    root = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def apart(one: str, other: str, sight: np.ndarray) -> float:
    return float(np.linalg.norm(seen(one, sight) - seen(other, sight)))


def test_the_simulation_takes_red_from_green_and_leaves_grey_alone():
    for sight in SIGHT.values():
        assert apart("#808080", "#000000", sight) == pytest.approx(53.6, abs=0.5)
        assert np.abs(seen("#808080", sight)[1:]).max() < 1
    red, green = "#a05000", "#5a7800"
    assert apart(red, green, SIGHT["all cones"]) > 50
    assert apart(red, green, SIGHT["deuteranopia"]) < 15
    assert apart(red, green, SIGHT["tritanopia"]) > 40


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_kinds_are_told_apart_by_colour_blind_readers(sight, mode):
    colours = {name: pair[mode] for name, pair in theme.COLOURS.items()}
    every = (theme.RELATIONS, SIGNS, of_inheritance.COURSES, of_evidence.LOOKS)
    for looks in (theme.SERIES, *(one.values() for one in every)):
        for (one, _), (other, _) in itertools.combinations(looks, 2):
            assert apart(colours[one], colours[other], SIGHT[sight]) >= 15, (one, other)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_steps_of_a_scale_are_told_apart_by_colour_blind_readers(sight, mode):
    steps = ("below-3", "below-2", "below-1", "level", "above-1", "above-2", "above-3")
    colours = [theme.COLOURS[name][mode] for name in steps]
    for one, other in itertools.combinations(colours, 2):
        assert apart(one, other, SIGHT[sight]) >= 10
    lightness = [seen(colour, SIGHT[sight])[0] for colour in colours]
    # Both ends leave the middle, each further than the step before.
    way = 1 if mode == 0 else -1
    assert (way * np.diff(lightness[:4]) > 0).all()
    assert (way * np.diff(lightness[3:]) < 0).all()


def test_no_two_series_share_a_colour_or_a_shape():
    every = (theme.RELATIONS, of_inheritance.COURSES, of_evidence.LOOKS)
    for looks in (list(theme.SERIES), *(list(one.values()) for one in every)):
        assert len({hue for hue, _ in looks}) == len({shape for _, shape in looks}) == len(looks)
    light = [light for light, _ in theme.COLOURS.values()]
    assert len(set(light)) == len(light)
