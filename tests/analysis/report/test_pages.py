"""What the pages say is what the marts and the results hold, whatever is in them."""

import csv
import html
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import duckdb
import networkx
import pytest
from report_sites import HOSTILE, Page, built_site, pages, report, rewritten

from analysis.figures import MART_FIGURES, draw, family_figures
from analysis.report import families
from analysis.report import site as report_site
from analysis.report.families import slug_of
from analysis.report.marts import Results, open_marts
from analysis.report.templates import described
from hub_lineage.errors import StudyError

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def mart(exports):
    """SQL over the sample's marts -> one value."""
    connection = duckdb.connect()
    for path in sorted(exports.glob("*.parquet")):
        connection.execute(f"create view {path.stem} as from '{path}'")
    return lambda sql, *values: connection.execute(sql, list(values)).fetchall()[0][0]


def test_the_first_page_counts_what_the_marts_hold(site, mart):
    text = Page(site / "index.html").text
    for said, sql in {
        r"([\d,]+) models of [\d,]+ owners": "select count(*) from hub_models",
        r"models of ([\d,]+) owners": "select count(distinct lower(owner)) from hub_models",
        r"([\d,]+) declared edges": "select count(*) from lineage_edges",
        r"edges to ([\d,]+) bases": "select count(distinct parent_id) from lineage_edges",
        r"in ([\d,]+) families": "select count(*) from families",
    }.items():
        assert re.search(said, text).group(1) == f"{mart(sql):,}", said


@pytest.mark.parametrize("of", ["site", "bare_site"])
def test_progress_expects_as_many_steps_as_there_are(request, of):
    done, total = json.loads((request.getfixturevalue(of).parent / "steps.json").read_text())
    assert done == total > 50


def test_the_funnel_is_drawn_with_the_marts_numbers(site, exports):
    rows = duckdb.sql(f"select stage, n_models from '{exports}/data_funnel.parquet'").fetchall()
    text = Page(site / "data.html").text
    for stage, n_models in rows:
        assert stage.replace("_", " ") in text
        assert re.search(rf"\b{n_models:,}\b", text), stage


def test_a_family_page_counts_the_descendants_that_networkx_finds(
    site, exports, largest, inner_base
):
    edges = duckdb.sql(f"select parent_id, child_id from '{exports}/lineage_edges.parquet'")
    graph = networkx.DiGraph(edges.fetchall())
    for base in (largest, inner_base):
        page = Page(site / "families" / f"{slug_of(base)}.html")
        n = len(networkx.descendants(graph, base) - {base})
        assert f"{n:,} models descend from it, {graph.out_degree(base):,} of them" in page.text
        assert f"{n:,} of {n:,} descendants listed" in page.text
        assert sum(tag == "details" for tag, _ in page.elements) > 1


def test_claims_bear_the_number_interval_and_n_of_the_results(site):
    tests = Page(site / "verdicts.html").text
    assert "0.123 [0.100, 0.200] 4,321" in tests
    assert "Tolerance: any distance from 50 % counts." in tests
    for text in (Page(site / "index.html").text, tests):
        assert "supported 12 % of models are consolidative (10 to 20 %). N 4,321" in text
        assert "not testable here" in text


def test_a_figure_that_the_run_did_not_draw_says_why(site):
    assert "is not drawn: needs a fit" in Page(site / "estimates.html").text


def test_the_dictionary_shows_the_descriptions_of_the_manifest(site):
    text = Page(site / "dictionary.html").text
    assert "Every model <b>of</b> the snapshot." in text
    assert "One row per model_id." in text


def test_each_drawn_figure_names_n_snapshot_sql_csv_and_svg(site, mart):
    snapshot = mart("select max(snapshot_id) from model_metrics")
    n_figures = 0
    for path in pages(site):
        for box in re.findall(r'<figure class="drawn".*?</figure>', path.read_text(), re.S):
            if "By hand" in box:
                continue
            n_figures += 1
            assert re.search(r">N = [\d,]+ ", box), path
            assert f"Snapshot {snapshot}" in box
            assert re.findall(r">(SVG|CSV|SQL)</a>", box) == ["SVG", "CSV", "SQL"]
    # On the first page stand three that the page of the ecosystem has too.
    assert n_figures == len(MART_FIGURES) + 3 + 3 * 4


def test_every_link_leads_to_a_file_of_the_site(site):
    for path in pages(site):
        for attributes in Page(path).all("a", "link", "script", "img"):
            target = attributes.get("href") or attributes.get("src") or ""
            if re.match(r"[a-z]+:|#|$", target):
                continue
            file = path.parent / unquote(target.split("#")[0].split("?")[0])
            assert file.exists(), f"{path.name}: {target}"


def test_the_sql_beside_a_figure_gives_the_numbers_drawn(site, exports):
    files = sorted((site / "figures").glob("*.sql"))
    checked = 0
    for file in files:
        if file.stem == "mdi_distribution":
            continue
        text = file.read_text()
        for path in exports.glob("*.parquet"):
            text = text.replace(f"'{path.name}'", f"'{path}'")
        with duckdb.connect() as connection:
            rows = connection.execute(text).fetchall()
        with file.with_suffix(".csv").open(newline="") as written:
            drawn = list(csv.reader(written))[1:]
        assert len(rows) == len(drawn), file.name
        for row, line in zip(rows, drawn, strict=True):
            for value, cell in zip(row, line, strict=True):
                if isinstance(value, int) and not isinstance(value, bool):
                    assert float(cell) == value, (file.name, row)
        checked += 1
    assert checked == len(MART_FIGURES) + 3 * 4


# the tree, the calendar, the index


def titles(svg: str) -> list[str]:
    """What a pointer reads from the marks of a figure."""
    root = ElementTree.fromstring(svg)
    return [one.text for mark in root.iter(f"{SVG}path") for one in mark.iter(f"{SVG}title")]


def test_each_cell_of_the_calendar_tells_its_base_weeks_and_count(site, mart):
    told = titles((site / "figures" / "entry_calendar.svg").read_text())
    found = [re.fullmatch(r"(.+): ([\d,]+) released in weeks (\d+) to (\d+)", one) for one in told]
    assert len(found) > 10
    for cell in found:
        base, n, first, last = cell.groups()
        assert int(n.replace(",", "")) == mart(
            "select count(*) from release_races where parent_id = ? and release_lag_days >= ? "
            "and release_lag_days < ?", base, 7 * int(first), 7 * (int(last) + 1),
        )  # fmt: skip


def test_further_parents_of_a_merge_are_dashed_lines_of_the_tree(exports, tmp_path):
    opened = open_marts(exports).connection
    (base,) = opened.execute(
        "select parent_id from lineage_edges where relation = 'merge' "
        "group by parent_id order by count(*) desc, parent_id limit 1"
    ).fetchall()[0]
    families.walk(opened, base)
    tree, *_ = family_figures(base, "merged")
    draw(tree, opened, tmp_path, is_prepared=True)
    with (tmp_path / "merged-tree.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    drawn = {row["model_id"]: row["via"] for row in rows}
    pairs = duckdb.sql(f"select parent_id, child_id from '{exports}/lineage_edges.parquet'")
    further = {
        (parent, child)
        for parent, child in pairs.fetchall()
        if parent in drawn and child in drawn and child != base and drawn[child] != parent
    }
    assert further
    listed = [
        (parent, row["model_id"])
        for row in rows
        for parent in json.loads(row["other_parents"] or "[]")
    ]
    assert sorted(listed) == sorted(further)
    picture = ElementTree.parse(tmp_path / "merged-tree.svg")
    dashed = [one for one in picture.iter(f"{SVG}line") if one.get("stroke-dasharray")]
    assert len(dashed) == len(further)


def test_each_mark_of_the_tree_tells_its_model(site, largest):
    with (site / "figures" / f"{slug_of(largest)}-tree.csv").open(newline="") as file:
        drawn = [row["model_id"] for row in csv.DictReader(file)]
    told = titles((site / "figures" / f"{slug_of(largest)}-tree.svg").read_text())
    assert sorted(one.partition(": ")[0] for one in told) == sorted(drawn)


def test_tables_of_the_index_bear_counts_intervals_and_reasons(site, mart):
    rows = []
    for path in sorted((site / "tables").glob("*built_upon*.csv")):
        with path.open(newline="") as file:
            rows += csv.DictReader(file)
    assert {bool(row["MDI"]) for row in rows} == {True, False}
    for row in rows:
        n_i, n_j, n_k, reason = (
            mart(f"select {column} from disruption where window_name = '90d' and model_id = ?",
                 row["model"])
            for column in ("n_i", "n_j", "n_k", "replace(undefined_reason, '_', ' ')")
        )  # fmt: skip
        assert [row["n_i"], row["n_j"], row["n_k"]] == [
            "" if n is None else f"{n:,}" for n in (n_i, n_j, n_k)
        ]
        assert row["undefined because"] == (reason or "")
        if row["MDI"]:
            assert float(row["MDI"]) == pytest.approx((n_i - n_j) / (n_i + n_j + n_k), abs=5e-4)
            assert -1 <= float(row["from"]) <= float(row["MDI"]) <= float(row["to"]) <= 1
        else:
            assert row["from"] == row["to"] == ""
            assert reason


# hostile text


def test_hostile_ids_are_text_and_never_markup(hostile_site):
    said = 0
    for path in pages(hostile_site):
        page = Page(path)
        assert not [one for one in page.all("img") if one.get("src") == "x"], path
        assert not [one for _, one in page.elements if any(name[:2] == "on" for name in one)], path
        targets = [one.get("href") or "" for one in page.all("a")]
        assert not [one for one in targets if one.startswith("javascript")], path
        said += HOSTILE in page.text
    assert said >= 3
    slug = slug_of(HOSTILE)
    assert HOSTILE in Page(hostile_site / "families" / f"{slug}.html").text


def test_rows_of_searchable_tables_cannot_end_their_script(hostile_site):
    for name in ("models", "families/index"):
        text = (hostile_site / f"{name}.html").read_text()
        scripts = re.findall(r"<script.*?</script>", text, re.S)
        # The rows' script goes on to its own end in spite of `</script>` in an id.
        assert any("new ITable" in script for script in scripts)
        assert "<img src=x" not in text


def test_a_hostile_claim_is_text(site):
    for name in ("index", "verdicts"):
        page = Page(site / f"{name}.html")
        assert HOSTILE in page.text
        assert not [one for one in page.all("img") if one.get("src") == "x"]


# partial input


def test_without_studies_the_pages_say_how_to_make_them(hostile_site):
    for name in ("index", "verdicts", "estimates", "robustness"):
        text = Page(hostile_site / f"{name}.html").text
        assert "The studies have not been run on this landing: make study makes them" in text
    assert "A tenth of the bases holds" in Page(hostile_site / "index.html").text


def test_a_landing_without_edges_has_pages_that_say_so(bare_site):
    texts = {path.stem: Page(path).text for path in pages(bare_site)}
    assert "This landing holds no merge" in texts["ecosystem"]
    assert "This landing holds one snapshot" in texts["data"]
    assert "This landing holds no family" in Page(bare_site / "families" / "index.html").text
    assert "the family is empty" in texts[slug_of("acme-labs/Alpha-7B")]
    assert "is not drawn: needs an edge" in texts["ecosystem"]


@pytest.mark.slow
def test_a_landing_with_edges_and_no_merges_has_all_pages(exports, tmp_path):
    without = rewritten(
        exports,
        tmp_path / "exports",
        {
            mart: f"from {mart} where relation is distinct from 'merge'"
            for mart in (
                "disruption_panel", "ecosystem_months", "lineage_edges", "recognition_panel",
                "release_races",
            )
        }
        | {
            "families": "select * replace (0 as n_merge) from families",
            "hub_models": "from hub_models where relation is distinct from 'merge'",
        },
    )  # fmt: skip
    folder = built_site(without, tmp_path / "none", tmp_path, n_families=2)
    texts = {path.stem: Page(path).text for path in pages(folder)}
    assert "This landing holds no merge" in texts["ecosystem"]
    assert len(list((folder / "families").glob("*.html"))) == 3
    assert not re.search(r"\b(nan|None|<NA>)\b", texts["ecosystem"])


def test_results_of_another_snapshot_are_not_shown(tmp_path, exports, results):
    from analysis.report.marts import open_results

    folder = tmp_path / "results"
    folder.mkdir()
    for name in ("claims.parquet", "manifest.json"):
        (folder / name).write_bytes((results / name).read_bytes())
    manifest = folder / "manifest.json"
    opened = open_marts(exports)
    manifest.write_text(manifest.read_text().replace(opened.snapshot_id, "20010101T000000Z"))
    found = open_results(folder, opened)
    assert found.folder is None
    assert "20010101T000000Z" in found.missing


# the site as a whole


def test_nothing_is_asked_of_the_network(site):
    outside = re.compile(r"^\s*(?:https?:)?//", re.I)
    for path in pages(site):
        for attributes in Page(path).all("script", "img", "iframe", "source", "use", "image"):
            for name in ("src", "href", "xlink:href", "srcset"):
                assert not outside.match(attributes.get(name) or ""), path
        for attributes in Page(path).all("link"):
            assert not outside.match(attributes.get("href") or ""), path
    for path in site.rglob("*.css"):
        for target in re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")]+)", path.read_text()):
            assert not outside.match(target), path


@pytest.mark.slow
def test_a_second_build_gives_the_same_bytes(site, exports, results, inner_base, tmp_path):
    manifest = site.parent / "manifest.json"
    finished = report(
        "--exports", exports, "--results", results, "--to", tmp_path / "again", "--families", 2,
        "--base", inner_base, "--manifest", manifest, "--quiet", PYTHONHASHSEED="1",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "pages" in finished.stdout
    first, second = (
        {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in (site, tmp_path / "again")
    )
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_no_page_names_a_folder_of_this_machine(site, exports):
    for path in site.rglob("*"):
        if path.is_file() and path.suffix in (".html", ".json", ".sql", ".csv", ".svg"):
            text = path.read_text("utf-8")
            assert str(exports.parent) not in text, path
            assert str(site.parent) not in text, path


# errors


def refused(*arguments, capsys, monkeypatch, code: int = 1) -> str:
    """The one line that the command says when it refuses."""
    from analysis.report import __main__ as command

    monkeypatch.setattr("sys.argv", ["report", *map(str, arguments)])
    assert command.main() == code
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if not line.startswith("The studies")]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    return lines[0]


def test_missing_exports_are_one_line_that_names_the_remedy(tmp_path, capsys, monkeypatch):
    line = refused(
        "--exports", tmp_path, "--to", tmp_path / "s", capsys=capsys, monkeypatch=monkeypatch
    )
    assert "make build" in line


def test_a_base_that_is_not_there_is_refused_before_anything_is_written(
    exports, tmp_path, capsys, monkeypatch
):
    line = refused(
        "--exports", exports, "--to", tmp_path / "s", "--base", "no/such",
        capsys=capsys, monkeypatch=monkeypatch, code=2,
    )  # fmt: skip
    assert "no/such" in line
    assert not (tmp_path / "s").exists()


def test_a_folder_of_other_files_is_never_replaced(exports, tmp_path, capsys, monkeypatch):
    (tmp_path / "thesis.tex").write_text("years of work")
    line = refused("--exports", exports, "--to", tmp_path, capsys=capsys, monkeypatch=monkeypatch)
    assert "would be replaced" in line
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_report_that_is_made_again_keeps_the_files_of_others(site, exports, results, tmp_path):
    target = tmp_path / "site"
    shutil.copytree(site, target)
    kept = {"CNAME": "hub.example", ".git/HEAD": "ref", "notes/mine.txt": "mine"}
    for name, text in kept.items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(text)
    made = set(json.loads((target / "report.json").read_text())["files"])
    assert built_site(exports, results, tmp_path, n_families=1) == target
    again = set(json.loads((target / "report.json").read_text())["files"])
    left = [name for name in made - again if name.startswith("families/")]
    assert left
    for name, text in kept.items():
        assert (target / name).read_text() == text
    assert not any((target / name).exists() for name in left)
    assert not kept.keys() & set(json.loads((target / "report.json").read_text())["files"])
    (target / "report.json").write_text("[")
    with pytest.raises(StudyError, match="the report's files cannot be told from others"):
        report_site.check_target(target)


def test_a_tree_with_a_cycle_ends():
    from analysis.report.fragments import browsable_tree

    row = {"relation": "finetune", "created_at": None, "n_descendants": 2, "likes": 0}
    rows = [row | {"model_id": "b", "via": "a"}, row | {"model_id": "c", "via": "b"}]
    rows += [row | {"model_id": "d", "via": "e"}, row | {"model_id": "e", "via": "d"}]
    made = browsable_tree("a", rows, 9)
    assert html.unescape(made).count("<li>") == 2
    assert "7 more are in the exports" in made


def test_a_description_shows_its_code_as_code_and_all_else_as_text():
    told = described("landed by `python -m loaders owners`, *all* of <b>them</b>")
    assert told == ("landed by `python -m loaders owners`, \\*all\\* of &lt;b&gt;them&lt;/b&gt;")
    # Before code a name in braces would be a role, which may include files.
    assert described("{raw}`html`") == "&#123;raw}`html`"
    assert described("one ` alone") == "one \\` alone"


def test_rows_of_the_design_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("RR10", "RR2", "DM1_2", "DM1"):
        (tmp_path / "tables").mkdir(exist_ok=True)
        (tmp_path / "tables" / f"regression_{name}.html").touch()
    found = Results(tmp_path, "").names("tables", "html")
    assert [name.removeprefix("regression_") for name in found] == ["DM1", "DM1_2", "RR2", "RR10"]
