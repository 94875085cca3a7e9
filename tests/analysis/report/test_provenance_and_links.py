"""Every page says what landing it is of, names lead on, and no artefact leads unmarked."""

import csv
import html
import json
import re

import duckdb
import pytest
from report_sites import HOSTILE, Page, pages

from analysis.report import links, verdict_list, worked_example
from analysis.report import site as report_site
from analysis.report.dictionary import Mart
from analysis.report.families import slug_of
from analysis.report.marts import open_marts
from analysis.report.provenance import Landing, landing_of
from hub_lineage.errors import StudyError
from hub_lineage.scopes import scope_of

HUB = links.HUB


@pytest.fixture(scope="module")
def marts(exports):
    return open_marts(exports).connection


# what landing this is


def test_every_page_says_that_the_sample_is_made_up(site):
    for path in pages(site):
        assert "Made-up sample. No number on this page says anything about the Hub" in (
            Page(path).text
        ), path


def test_every_page_says_date_selection_source_and_licence(named_site):
    assert len(pages(named_site)) > 12
    for path in pages(named_site):
        page = Page(path)
        for said in (
            "Snapshot of 2026-09-04", "a selection of the Hub's models, not the whole Hub",
            "Radar <b>Set</b>, 686f6c61", "licence cc-by-4.0",
        ):  # fmt: skip
            assert said in page.text, (path, said)
        assert "Made-up sample" not in page.text


def test_what_nobody_said_is_told_as_not_said(hostile_site):
    facts = Landing("20260904T040000Z", "selection", "", "", None).facts
    assert facts["source and credit"] == "not said (`--attribution` says it)"
    assert facts["licence of the data"] == "not said (`--license` says it)"
    assert "not said" not in Page(hostile_site / "data.html").text


def test_the_sample_cannot_be_called_a_crawl(marts):
    with pytest.raises(StudyError, match="is the made-up sample"):
        scope_of("20260903T040000Z", "full")
    with pytest.raises(StudyError, match="is not the made-up sample"):
        scope_of("20991231T000000Z", "sample")


def test_a_young_landing_says_that_its_growth_is_its_selection(named_site, site):
    said = "What grows on these last days is the way the models were chosen, not the Hub."
    for name in ("index", "ecosystem", "data"):
        assert said in Page(named_site / f"{name}.html").text
        assert said not in Page(site / f"{name}.html").text
    growth = re.findall(
        r'<figure class="drawn" id="figure-growth_of_families">.*?</figure>',
        (named_site / "ecosystem.html").read_text(), re.S,
    )  # fmt: skip
    assert said in html.unescape(growth[0])


def test_a_landing_without_dates_is_not_called_young():
    connection = duckdb.connect()
    connection.execute(
        "create table hub_models as select null::timestamp as created_at, "
        "false as is_created_at_floor; "
        "create table model_metrics as select timestamp '2026-09-01' as snapshot_at"
    )
    landing = landing_of(connection, "20260901T000000Z", "full", "", "")
    assert landing.share_recent is None
    assert landing.caution == ""


# ways to go on


def test_models_lead_to_the_hub_as_plain_links_except_those_of_the_sample(named_site, site):
    for folder, has_links in ((named_site, True), (site, False)):
        targets = [
            one["href"] for path in pages(folder) for one in Page(path).all("a") if "href" in one
        ]
        on_the_hub = [target for target in targets if target.startswith(HUB)]
        assert bool(on_the_hub) == has_links
        for target in on_the_hub:
            assert links.AN_ID.fullmatch(target.removeprefix(HUB)), target


def test_what_the_hub_cannot_have_named_is_text():
    made = links.Links({}, frozenset(), has_hub=True)
    for name in (HOSTILE, "a/b/c", "../x", "javascript:alert(1)", "a b", "", "é/x"):
        assert made.hub(name) == ""
        assert "<img" not in made.model(name, "")
    assert f'href="{HUB}Qwen/Qwen3-8B"' in made.hub("Qwen/Qwen3-8B")


def test_a_name_leads_to_its_family_or_to_its_row(site, largest):
    made = links.Links({largest: "slug"}, frozenset({"a/b"}), has_hub=False)
    assert made.model(largest, "../") == f'<a href="../families/slug.html">{largest}</a>'
    assert made.model("a/b", "") == '<a href="models.html#find=a%2Fb">a/b</a>'
    assert made.model("c/d", "") == "c/d"
    assert made.owner("a", "") == '<a href="models.html#find=a%2F">a</a>'
    inside = [one.get("href") for one in Page(site / "models.html").all("a")]
    assert any(str(target).startswith("models.html#find=") for target in inside)


def test_a_claim_names_its_source_and_leads_to_its_paper_and_its_test(site):
    assert links.source("arXiv 2604.11618, result 1") == (
        '<a rel="noopener noreferrer" href="https://arxiv.org/abs/2604.11618">arXiv 2604.11618</a>'
        ", result 1"
    )
    assert "<img" not in links.source(HOSTILE)
    assert {"verdicts.html#a1", "verdicts.html#b9"} <= {
        one.get("href") for one in Page(site / "index.html").all("a")
    }
    anchors = {one.get("id") for _, one in Page(site / "verdicts.html").elements}
    assert {"a1", "b9"} <= anchors


def test_findings_lead_to_places_that_are_there(site):
    targets = re.findall(r'<li class="finding.*?href="([^"]*)"', (site / "index.html").read_text(),
                         re.S)  # fmt: skip
    assert len(targets) >= 3
    for target in targets:
        page, _, anchor = target.partition("#")
        if page == "verdicts.html":
            continue
        ids = {one.get("id") for _, one in Page(site / page).elements}
        assert anchor in ids, target


# verdicts


def test_each_verdict_has_a_word_a_shape_and_a_reason():
    assert len(set(verdict_list.WORDS.values())) == len(set(verdict_list.ICONS.values())) == 4
    assert verdict_list.ICONS.keys() == verdict_list.WORDS.keys()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("48 rows, fewer than 100", "48 rows, fewer than 100."),
        (
            "RR24.first_quality: benchmark_score ~ is_raced_7 + log_size | month: the iterations "
            "ended without a solution",
            "No estimate could be made: the iterations ended without a solution.",
        ),
        (
            "RR24.lag: term 'log_size' is determined by the rest of y ~ log_size + races | month",
            "No estimate could be made: term ln(parameters) is determined by the rest of its "
            "equation.",
        ),
        ("", ""),
    ],
)
def test_why_there_is_no_estimate_is_told_without_formulas(reason, said):
    assert verdict_list.reason_in_words(reason) == said


# no artefact leads


def test_takers_of_a_models_own_owner_are_counted_and_can_be_left_out(site, marts):
    for kind in ("most_disruptive", "most_consolidating"):
        with (site / "tables" / f"{kind}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows
        for row in rows:
            own = marts.execute(
                """
                select count(distinct child_id) from lineage_edges as e
                join disruption_panel as f on e.parent_id = f.model_id
                join hub_models as c on e.child_id = c.model_id
                where f.model_id = ? and lower(c.owner) = lower(f.owner)
                    and c.created_at > f.created_at
                    and c.created_at <= f.created_at + interval 90 days
                """,
                [row["model"]],
            ).fetchall()[0][0]
            assert int(row["own takers"]) == own
        with (site / "tables" / f"{kind}_by_others.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                n_i, n_j, n_k = (int(row[name]) for name in ("n_i", "n_j", "n_k"))
                full = marts.execute(
                    "select n_takers from disruption_panel where model_id = ?", [row["model"]]
                ).fetchall()[0][0]
                assert n_i + n_j + int(row["own takers"]) == full
                assert float(row["MDI"]) == pytest.approx((n_i - n_j) / (n_i + n_j + n_k), abs=5e-4)
    assert any(
        int(row["own takers"])
        for row in csv.DictReader((site / "tables" / "most_consolidating.csv").open(newline=""))
    )


# numbers agree between pages


def test_owners_are_counted_whatever_their_case_on_every_page(named_site):
    text = (named_site / "families" / "index.html").read_text()
    data, table = (
        json.loads(re.search(rf'"{name}": ("(?:[^"\\]|\\.)*")', text)[1])
        for name in ("data_json", "table_html")
    )
    rows, headings = json.loads(data), re.findall(r"<th>(.*?)</th>", table)
    compared = 0
    for row in rows:
        page = named_site / "families" / f"{slug_of(row[0])}.html"
        if not page.is_file():
            continue
        said = re.search(r"by ([\d,]+) owners", Page(page).text)[1]
        assert int(said.replace(",", "")) == int(row[headings.index("owners")].replace(",", ""))
        compared += 1
    assert compared == 2


# glossary, citation, dictionary


def test_the_worked_example_counts_what_the_mart_counts(marts, site):
    example = worked_example.worked_example(marts)
    n_i, n_j, n_k, mdi = marts.execute(
        "select n_i, n_j, n_k, mdi from disruption where window_name = '90d' and model_id = ?",
        [example.model_id],
    ).fetchall()[0]
    assert [len(example.from_focal), len(example.from_both), len(example.from_parents)] == [
        n_i, n_j, n_k,
    ]  # fmt: skip
    assert mdi == pytest.approx((n_i - n_j) / (n_i + n_j + n_k))
    text = Page(site / "glossary.html").text
    assert example.model_id in text
    for name in (*example.from_focal, *example.from_both, *example.from_parents):
        assert name in text


def test_without_an_index_the_example_is_one_of_words_alone(bare_site):
    assert "(2 \N{MINUS SIGN} 1) / (2 + 1 + 1) = 0.25" in Page(bare_site / "glossary.html").text


def test_bibtex_has_the_software_with_its_snapshot_and_both_studies(site):
    text = Page(site / "cite.html").text
    assert re.search(r"@software\{hub_lineage, author = \{", text)
    assert "note = {Snapshot 20260903T040000Z}" in text
    assert re.findall(r"eprint = \{(.*?)\}", text) == ["2604.11618", "2604.13537"]
    written = (site / "cite.html").read_text()
    bibtex = html.unescape(re.search(r"<pre.*?>(.*?)</pre>", written, re.S)[1])
    assert bibtex.count("{") == bibtex.count("}")


def test_the_dictionary_begins_with_the_marts_that_matter():
    named = [Mart(name, "", (), ()) for name in ("crowding", "aaa", "hub_models", "lineage_edges")]
    ordered = [mart.name for mart in report_site.in_order(named)]
    assert ordered == ["hub_models", "lineage_edges", "crowding", "aaa"]
