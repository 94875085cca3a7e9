"""Tables say what the tidy results say, in four formats, whatever the text in them holds."""

import csv
import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

import made_results
from analysis.figures.wording import number, parts, percent, rounded
from analysis.studies.printed.design_tables import (
    curve_inference_tables,
    prominence_tables,
    survival_tables,
)
from analysis.studies.printed.regression_tables import (
    MOST_COLUMNS,
    regression_table,
    regression_tables,
)
from analysis.studies.printed.table_formats import (
    FORMATS,
    Table,
    as_csv,
    as_html,
    as_latex,
    as_markdown,
)
from analysis.studies.result_tables import KINDS, write_tables
from hub_lineage.files import list_files
from made_results import HOSTILE, SNAPSHOT, estimate, specification
from support import REPOSITORY

MINUS = "\N{MINUS SIGN}"


def cells(table: Table) -> dict[str, tuple[str, ...]]:
    """The cells of each row by its label; of rows with the same label the first."""
    found: dict[str, tuple[str, ...]] = {}
    for _, rows in table.groups:
        for row in rows:
            found.setdefault(row[0].strip(), row[1:])
    return found


def made(*pairs: tuple[dict, list[dict]]) -> Table:
    """A regression table of specifications with their estimates."""
    entries = [entry for entry, _ in pairs]
    estimates = [row for _, rows in pairs for row in rows]
    return regression_table("t", "Title", entries, estimates)


@pytest.fixture
def results(tmp_path) -> Path:
    """A folder of results with every kind of table, and with hostile text wherever text can be."""
    entries = [
        specification("RR1", role="replication", title=HOSTILE, caution=HOSTILE),
        specification("RR4"),
        specification("RR6", status="not_run", reason=HOSTILE, n_used=0),
        specification("DM1", outcome="is_disruptive", estimator="logit"),
    ]
    estimates = [
        estimate(entry["specification_id"], term)
        for entry in entries
        if entry["status"] == "ok"
        for term in ("log_rank", "log_crowd_30", HOSTILE, "relation[adapter]")
    ]
    claim = {
        "claim_id": "A1", "study": "disruption", "source": "a paper", "claim": HOSTILE,
        "specification_id": None, "term": None, "sql": "select 1", "verdict": "inconclusive",
        "verdict_reason": "the interval leaves it open", "in_words": "share of models 97.0 %",
        "curve_n": 24, "curve_share_as_claimed": 0.75, "curve_p_value": 0.031,
        "snapshot_id": SNAPSHOT,
    }  # fmt: skip
    claims = [
        claim
        | {"role": "test", "choice": "zero counts", "estimate": 0.97, "interval_low": 0.96,
           "interval_high": 0.98, "n": 1241, "n_clusters": 106, "effective_clusters": 14.69,
           "leans": "as claimed", "reason": ""},
        claim
        | {"role": "other", "choice": "counted", "estimate": 15900.0, "interval_low": 15900.0,
           "interval_high": 15900.0, "n": 15900, "leans": "against", "reason": ""},
        claim | {"role": "paper", "choice": HOSTILE, "reason": HOSTILE},
    ]  # fmt: skip
    balance = [
        {
            "specification_id": "RR15", "design": "window_matching_7d", "variable": HOSTILE,
            "standardised_difference_before": 0.61, "standardised_difference_after": -0.02,
            "n_one": 40, "n_zero": 80, "effective_size_one": 40.0, "effective_size_zero": 61.5,
        }
    ]  # fmt: skip
    calibration = [
        {
            "world": "no_effect", "specification_id": "RR4", "term": "log_rank", "truth": 0.0,
            "mean_estimate": 0.001, "bias": 0.001, "bias_error": 0.002, "rejection_rate": 0.05,
            "coverage_clustered": 0.92, "coverage_jackknife": 0.95, "n_draws": 60,
            "null_low": -0.08, "null_high": 0.09, "real_estimate": -0.1234, "p_against_null": 0.016,
        }
    ]  # fmt: skip
    return made_results.write(
        tmp_path / "results",
        entries,
        estimates,
        claims=claims,
        balance=balance,
        calibration=calibration,
    )


# what the tables of prominence and of the curves say


def test_what_prominence_takes_away_stands_by_term_with_what_was_left_out():
    common = {"specification_id": "RR25.all_at_entry", "term": "log_rank"}
    rows = [
        common
        | {
            "proxy": "log_owner_releases", "estimate_without": -0.3, "estimate_with": -0.1,
            "takes_away": -0.2, "interval_low": -0.25, "interval_high": -0.15, "n_used": 1200,
            "n_clusters": 40, "reason": "",
        },
        common | {"proxy": "all", "takes_away": -0.2, "reason": ""},
        common | {"proxy": "log_base_likes_at_entry", "reason": "known in 0 of 1,406 rows"},
    ]  # fmt: skip
    (table,) = prominence_tables(rows)
    assert [heading for heading, _ in table.groups] == ["RR25.all_at_entry: ln(release rank)"]
    found = cells(table)
    assert found["ln(1 + owner's earlier releases)"] == (
        f"{MINUS}0.300", f"{MINUS}0.100", f"{MINUS}0.200", f"[{MINUS}0.250, {MINUS}0.150]",
        "1,200", "40", "",
    )  # fmt: skip
    assert found["all together"][2] == f"{MINUS}0.200"
    assert found["ln(1 + base's likes before the entry)"][-1] == "known in 0 of 1,406 rows"
    assert any("Gelbach" in note for note in table.notes)


def test_the_test_of_a_curve_says_what_was_dealt_out_and_why_another_was_not_made():
    tested = {
        "curve": "recognition", "term": "order", "statistic": "median", "observed": -1.5,
        "chance_low": -1.2, "chance_median": 0.01, "chance_high": 1.3, "p_value": 0.014,
        "n_combinations": 256, "n_undefined": 2, "n_draws": 499, "n_movable": 529,
        "dealt_out": "order and crowding within base, month and week", "reason": "",
        "snapshot_id": SNAPSHOT,
    }  # fmt: skip
    untested = dict.fromkeys(tested) | {
        "curve": "disruption", "dealt_out": "size and kind within parent and quarter",
        "reason": "no two rows of one cell differ in what is dealt out",
    }  # fmt: skip
    (table,) = curve_inference_tables([tested, untested])
    assert cells(table)["median"] == (
        f"{MINUS}1.500", "0.010", f"[{MINUS}1.200, 1.300]", "0.014", "256", "2", "499", "529",
    )  # fmt: skip
    said = " ".join(table.notes)
    assert "recognition, order and crowding within base, month and week" in said
    assert "Not tested: disruption: no two rows of one cell differ in what is dealt out." in said
    assert len(table.groups) == 1


# what a regression table says


@pytest.mark.parametrize("text", ["parent_id+month", "parent_id + month", " parent_id  +month "])
def test_a_fixed_effect_is_marked_however_the_formula_is_spaced(text):
    both = specification("RR4", fixed_effects=text)
    one = specification("RR5", fixed_effects="base_month")
    none = specification("RR10", fixed_effects="")
    table = made(*((entry, []) for entry in (both, one, none)))
    assert cells(table)["fixed effects: base"] == ("yes", "no", "no")
    assert cells(table)["fixed effects: month"] == ("yes", "no", "no")
    assert cells(table)["fixed effects: base x month"] == ("no", "yes", "no")
    assert [label for label in cells(table) if label.startswith("fixed effects")] == [
        "fixed effects: base",
        "fixed effects: month",
        "fixed effects: base x month",
    ]


def test_what_was_absorbed_is_said_by_the_fit_not_by_the_plan():
    entry = specification("RR4", fixed_effects="parent_id")
    table = made((entry, [estimate("RR4", "log_rank", fixed_effects="parent_id + month")]))
    assert cells(table)["fixed effects: month"] == ("yes",)


def test_numbers_stand_under_their_specification():
    low = estimate("RR4", "log_rank", -0.25, standard_error=0.0625, interval_low=-0.375)
    high = estimate("RR5", "log_rank", 1.5, standard_error=0.5, n_used=4321)
    table = made((specification("RR4"), [low]), (specification("RR5"), [high]))
    shown = cells(table)
    assert table.columns == ("RR4", "RR5")
    assert shown["ln(release rank)"] == (f"{MINUS}0.250", "1.500")
    assert shown["standard error"] == ("(0.062)", "(0.500)")
    assert shown["95 % interval"][0] == f"[{MINUS}0.375, {MINUS}0.151]"
    assert shown["N used"] == ("1,234", "4,321")


def test_a_jackknife_interval_stands_only_where_there_is_one():
    without = {"jackknife_low": None, "jackknife_high": None}
    table = made(
        (specification("RR4"), [estimate("RR4", "log_rank", -0.25)]),
        (specification("RR5"), [estimate("RR5", "log_rank", -0.25, **without)]),
    )
    assert cells(table)["95 % interval, jackknife"] == (f"[{MINUS}0.449, {MINUS}0.051]", "")
    bare = made((specification("RR5"), [estimate("RR5", "log_rank", -0.25, **without)]))
    assert "95 % interval, jackknife" not in cells(bare)
    assert not any("ackknife" in note for note in bare.notes)


def test_what_was_dropped_stands_by_reason_and_adds_up_to_what_is_used():
    row = estimate("RR4", "log_rank", n_in=1300, n_null=11, n_infinite=2, n_singleton=33,
                   n_separated=20, n_used=1234)  # fmt: skip
    shown = cells(made((specification("RR4"), [row])))
    dropped = [int(cell) for label, (cell,) in shown.items() if label.startswith("dropped")]
    assert len(dropped) == 4
    assert 1300 - sum(dropped) == 1234
    assert (shown["rows selected"], shown["N used"]) == (("1,300",), ("1,234",))


def test_clusters_stand_with_how_many_they_are_worth():
    shown = cells(made((specification("RR4"), [estimate("RR4", "log_rank")])))
    assert shown["clusters"] == ("77",)
    assert shown["effective clusters, by rows"] == ("12.3",)
    assert shown["effective clusters, by outcome"] == ("5.7",)
    assert shown["largest cluster, share of rows"] == ("23.4 %",)
    assert shown["mean of the outcome"] == ("3.210",)
    assert shown["R² within"] == ("0.012",)
    assert shown["pseudo R²"] == ("0.456",)


def test_what_was_not_run_keeps_its_column_and_says_why():
    absent = specification("RR6", status="not_run", reason="needs several snapshots", n_used=0)
    table = made((specification("RR4"), [estimate("RR4", "log_rank")]), (absent, []))
    assert table.columns == ("RR4", "RR6")
    assert cells(table)["status"] == ("ok", "not run")
    assert cells(table)["ln(release rank)"][1] == ""
    assert any("RR6" in note and "needs several snapshots" in note for note in table.notes)


def test_dummies_are_one_row_that_says_that_they_are_there():
    rows = [estimate("RR4", "log_rank"), estimate("RR4", "relation[adapter]")]
    shown = cells(made((specification("RR4"), rows)))
    assert shown["dummies: relation"] == ("yes",)
    assert not any("adapter" in label for label in shown)


def test_an_effect_is_told_in_per_cent_with_its_change_and_interval():
    row = estimate("RR4", "log_rank", effect_of="rank doubled", effect=-0.08, effect_low=-0.141,
                   effect_high=0.002)  # fmt: skip
    shown = cells(made((specification("RR4"), [row])))
    assert shown["change of the outcome, rank doubled"] == (f"{MINUS}8 % ({MINUS}14 to 0)",)


@pytest.mark.parametrize("high", [None, 470.0, 1.0])
def test_an_effect_that_next_to_anything_would_fit_says_nothing(high):
    row = estimate("RR4", "log_rank", effect_of="rank doubled", effect=0.5, effect_low=-0.9,
                   effect_high=high)  # fmt: skip
    shown = cells(made((specification("RR4"), [row])))
    assert shown["change of the outcome, rank doubled"] == ("says nothing",)


def test_marginal_effects_stand_apart_from_coefficients():
    rows = [estimate("DM1", "log_rank", 2.0)]
    rows.append(estimate("DM1", "log_rank", 0.125, scale="average marginal effect"))
    table = made((specification("DM1"), rows))
    values = {heading: lines[0][1] for heading, lines in table.groups}
    assert values["Coefficients"] == "2.000"
    assert values["Average marginal effects"] == "0.125"


def test_no_table_has_stars(results):
    write_tables(results)
    for path in (results / "tables").glob("*.csv"):
        assert "*" not in path.read_text("utf-8")


def test_every_specification_with_an_estimate_is_in_a_table_and_wide_rows_are_split():
    ids = ["RR4", *(f"RR4.variant_{n}" for n in range(MOST_COLUMNS)), "RR18"]
    entries = [
        specification(one, method="sensitivity" if one == "RR18" else "regression") for one in ids
    ]
    tables = regression_tables([estimate(one, "log_rank") for one in ids], entries)
    assert {column for table in tables for column in table.columns} == set(ids)
    parts_of_row = [table for table in tables if table.name.startswith("regression_RR4")]
    assert [len(table.columns) for table in parts_of_row] == [MOST_COLUMNS, 1]
    assert len({table.name for table in tables}) == len(tables)


# formats


class Page(HTMLParser):
    """Tags with their attributes, and the text, of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def hostile() -> Table:
    """A table whose every text is hostile."""
    groups = ((HOSTILE, ((HOSTILE, HOSTILE), (f"  {HOSTILE}", f"{MINUS}0.5\nand more"))),)
    return Table("a <name>", HOSTILE, HOSTILE, (HOSTILE,), groups, (HOSTILE,))


def test_html_shows_hostile_text_and_runs_none_of_it(hostile):
    page = Page(as_html(hostile))
    assert not page.all("script")
    assert {tag for tag, _ in page.tags} <= {
        "div", "style", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "span",
    }  # fmt: skip
    assert page.text.count(HOSTILE) >= 6


def test_html_has_a_caption_scopes_and_a_box_that_the_keyboard_reaches(results):
    write_tables(results)
    for path in (results / "tables").glob("*.html"):
        page = Page(path.read_text("utf-8"))
        assert len(page.all("caption")) == len(page.all("table")) == 1
        assert page.all("th")
        assert {header.get("scope") for header in page.all("th")} <= {"col", "row", "colgroup"}
        box = page.all("div")[0]
        assert (box["tabindex"], box["role"]) == ("0", "region")
        assert box["aria-labelledby"] == page.all("caption")[0]["id"]
        ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
        assert max(ids.values()) == 1
        assert all(one.startswith(box["id"]) for one in ids)


def test_html_asks_no_other_host_and_leaves_other_tables_alone(results):
    write_tables(results)
    for path in (results / "tables").glob("*.html"):
        text = path.read_text("utf-8")
        assert "http" not in text
        assert "@import" not in text
        name = Page(text).all("div")[0]["id"]
        style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
        selectors = [
            part for rule in style.split("}")[:-1] for part in rule.split("{")[0].split(",")
        ]
        assert all(selector.strip().startswith(f"#{name}") for selector in selectors)


def test_latex_escapes_its_special_characters_and_balances_braces(hostile):
    text = as_latex(hostile)
    assert r"\input" not in text
    assert text.count(r"\textbackslash{}input\{x\}") >= 5
    plain = re.sub(r"\\[\\{}$&#%_]", "", text)
    assert plain.count("{") == plain.count("}")
    # What is left of dollars is the minus sign, of ampersands the columns.
    assert plain.replace("$-$", "").count("$") == 0
    assert all(line.count("&") == 1 for line in plain.splitlines() if "&" in line)
    assert MINUS not in text
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in text


def test_markdown_keeps_its_columns_whatever_the_cells_hold(hostile):
    lines = [line for line in as_markdown(hostile).splitlines() if line.startswith("|")]
    assert len(lines) == 5
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    assert "<script>" not in as_markdown(hostile)
    assert not re.search(r"(?<!\\)[`$]", as_markdown(hostile))


def test_csv_gives_the_cells_back_and_no_formula(hostile, tmp_path):
    table = Table(
        "t", "T", "term", ("=1+1", "@x", "+y"), (("g", (("a, b", '"q"', f"{MINUS}1", ""),)),)
    )
    assert list(csv.reader(as_csv(table).splitlines())) == [
        ["group", "term", "'=1+1", "'@x", "'+y"],
        ["g", "a, b", '"q"', "-1", ""],
    ]
    read = list(csv.reader(as_csv(hostile).splitlines()))
    assert [len(row) for row in read] == [3, 3, 3]
    assert read[1][1] == HOSTILE


def test_a_second_run_in_another_process_writes_the_same_bytes(results):
    def bytes_of() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((results / "tables").iterdir())}

    write_tables(results)
    first = bytes_of()
    subprocess.run(
        [sys.executable, "-c", "import sys; from analysis.studies import result_tables; "
         "result_tables.write_tables(sys.argv[1])", str(results)],
        cwd=REPOSITORY, env=os.environ | {"PYTHONHASHSEED": "7"}, check=True,
    )  # fmt: skip
    assert bytes_of() == first
    assert len(first) % len(FORMATS) == 0


# the other tables, and what is missing


def test_every_table_comes_in_four_formats_and_what_lacks_its_file_says_so(results):
    (results / "balance.parquet").unlink()
    report = write_tables(results)
    written = [name for name, status, _ in report if status == "ok"]
    assert ("balance", "not_written", "no balance.parquet") in report
    assert {"regressions_racing", "regressions_disruption", "claims_disruption", "calibration",
            "specifications_racing", "specifications_disruption"} <= set(written)  # fmt: skip
    files = {path.name for path in (results / "tables").iterdir()}
    assert files == {f"{name}.{suffix}" for name in written for suffix in FORMATS}


def test_a_table_of_an_earlier_run_does_not_stay(results):
    write_tables(results)
    assert (results / "tables" / "balance.csv").exists()
    list_files(results)
    (results / "balance.parquet").unlink()
    write_tables(results)
    assert not (results / "tables" / "balance.csv").exists()


def test_an_empty_folder_gives_no_table_and_a_reason_for_each_kind(tmp_path):
    report = write_tables(tmp_path)
    assert report
    assert all(status == "not_written" and reason for _, status, reason in report)


def rows_of(results: Path, name: str) -> list[list[str]]:
    write_tables(results)
    with (results / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_claim_stands_with_its_verdict_and_what_it_rests_on(results):
    _, first, counted, second = rows_of(results, "claims_disruption")
    assert "Verdict: inconclusive. Share of models 97.0 %. The interval leaves it open." in first[0]
    assert "Of 24 combinations of choices 75 % agree in sign, p 0.031." in first[0]
    assert first[1:9] == [
        "zero counts", "the test", "count", "0.970", "[0.960, 0.980]", "1,241", "106 (14.7)",
        "as claimed",
    ]  # fmt: skip
    assert counted[2:7] == ["other choice", "count", "15,900", "", "15,900"]
    assert second[2:3] + second[9:] == ["paper's form", HOSTILE]


def test_the_verdicts_error_rates_stand_by_world(tmp_path):
    common = {"snapshot_id": SNAPSHOT, "n_draws": 200, "is_true": "no", "truth": 0.0}
    rows = [
        common | {"world": "none", "claim_id": "B1", "share_supported": 0.02,
                  "supported_low": 0.008, "supported_high": 0.05, "share_contradicted": 0.11,
                  "share_inconclusive": 0.87, "share_not_testable_here": 0.0, "coverage": 0.955},
        {"world": None, "claim_id": "L2", "reason": "another summer"},
    ]  # fmt: skip
    folder = made_results.write(tmp_path / "results", [specification("RR4")], [],
                                verdict_calibration=rows)  # fmt: skip
    _, row = rows_of(folder, "verdict_calibration")
    assert row[1:] == [
        "B1", "0.000", "no", "2.0 %", "[0.8 %, 5.0 %]", "11.0 %", "87.0 %", "0.0 %", "95.5 %",
        "200",
    ]  # fmt: skip
    assert "Not calibrated: L2: another summer." in (
        folder / "tables" / "verdict_calibration.md"
    ).read_text("utf-8")


@pytest.mark.parametrize("name", ["designs", "sensitivity", "bounds", "permutations"])
def test_tables_of_designs_and_draws_say_what_their_columns_mean(name):
    rows = [{"specification_id": "RR21", "term": "rank_3_5", "n_movable": 4, "fact": "n_cells"}]
    _, make = KINDS[name]
    [made_table] = make(rows)
    assert made_table.notes
    [(_, (row,))] = made_table.groups
    assert row == ("release rank 3 to 5", "4", "n cells")


def test_rows_without_a_heading_get_none(results):
    bare = Table("bare", "Title", "stub", ("column",), (("", (("row", "1"),)),))
    page = Page(as_html(bare))
    assert len(page.all("tr")) == 2
    assert {header["scope"] for header in page.all("th")} == {"col", "row"}
    assert "multicolumn" not in as_latex(bare)
    write_tables(results)
    for path in (results / "tables").glob("*.html"):
        assert not re.search(r"<th[^>]*></th>", path.read_text("utf-8")), path.name


def test_balance_stands_before_and_after_with_what_the_weights_leave(results):
    _, row = rows_of(results, "balance")
    assert row[0] == "RR15: window_matching_7d"
    assert row[2:] == ["0.610", "-0.020", "40", "80", "40.0", "61.5"]


def test_calibration_stands_beside_the_real_estimate(results):
    headings, row = rows_of(results, "calibration")
    shown = dict(zip(headings, row, strict=True))
    assert shown["bias (error)"] == "0.0010 (0.0020)"
    assert shown["95 % of draws"] == "[-0.080, 0.090]"
    assert shown["real estimate"] == "-0.123"
    assert shown["covers, jackknife"] == "95.0 %"


def test_the_list_of_specifications_says_what_became_of_each(results):
    rows = rows_of(results, "specifications_racing")
    status = {row[1]: row[-1] for row in rows[1:]}
    assert status["RR4"] == "ok"
    assert status["RR6"].startswith("not run: ")


# words and numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0.0, "0.000"), (-0.1234, f"{MINUS}0.123"), (0.0001234, "0.00012"),
     (1234567, "1,234,567"), (-5, f"{MINUS}5"), (1234.5678, "1,234.568")],
)  # fmt: skip
def test_a_number_keeps_what_can_be_read(value, text):
    assert number(value) == text


def test_there_is_no_minus_zero():
    assert rounded(-0.0004, 2) == "0.00"
    assert percent(-0.00001) == "0.0 %"


def test_parts_of_a_sum_do_not_depend_on_spaces():
    assert parts(" a+b + c ") == ["a", "b", "c"]
    assert parts("") == parts(None) == []


def test_a_cox_regression_says_how_to_read_it():
    one = specification("RR27", estimator="cox")
    found = {
        estimator: regression_tables(
            [estimate("RR27", "log_crowd_30", estimator=estimator)], [one]
        )[-1].notes
        for estimator in ("cox", "poisson")
    }
    assert any("log hazard" in note for note in found["cox"])
    assert not any("log hazard" in note for note in found["poisson"])


def test_a_curve_is_a_group_of_days_and_what_is_unknown_is_blank():
    row = {
        "specification_id": "DM11", "relation": "merge", "days": 30, "n": 49, "n_at_risk": 41,
        "n_events": 10, "survival": 0.796, "standard_error": 0.09, "interval_low": 0.507,
        "interval_high": 0.926, "n_clusters": 20, "median_days": None, "snapshot_id": SNAPSHOT,
    }  # fmt: skip
    unknown = row | {"days": 1, "survival": 1.0, "interval_low": None, "interval_high": None}
    (table,) = survival_tables([unknown, row])
    assert table.groups == (
        (
            "DM11: merge",
            (
                ("1", "100.0 %", "", "41", "10", "49", "20", ""),
                ("30", "79.6 %", "[0.507, 0.926]", "41", "10", "49", "20", ""),
            ),
        ),
    )
    assert any("No median" in note for note in table.notes)
