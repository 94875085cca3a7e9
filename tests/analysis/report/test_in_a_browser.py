"""The report in headless Chromium, opened from disk as by double click.

Pictures of every page, wide and narrow, light and dark, stay in pytest's folder (`--basetemp` names
one): who changes the report looks at them.
"""

import io
import re

import pytest
from report_sites import pages

from analysis.report.families import slug_of

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WIDE, NARROW = 1280, 390
SCREEN = 844
"""Height of a telephone's screen, in pixels."""
# A sheet of A4 within the margins of the style sheet, in pixels of a 96th of an inch.
PAPER = round((210 - 2 * 14) / 25.4 * 96)


def main_pages(site, largest) -> dict:
    return {
        "findings": site / "index.html",
        "data": site / "data.html",
        "ecosystem": site / "ecosystem.html",
        "models": site / "models.html",
        "families": site / "families" / "index.html",
        "family": site / "families" / f"{slug_of(largest)}.html",
    }


def test_every_page_opens_from_disk_without_an_error_or_a_request(site, opened):
    paths = pages(site)
    assert len(paths) > 12
    for path in paths:
        page = opened(path)
        page.wait_for_timeout(100)
        assert page.errors == [], path.name
        assert page.requests == [], path.name


def test_hostile_ids_run_nothing(hostile_site, opened):
    from report_sites import HOSTILE

    for name in ("index", "models", "families/index", f"families/{slug_of(HOSTILE)}"):
        page = opened(hostile_site / f"{name}.html")
        dialogs = []
        page.on("dialog", lambda dialog, seen=dialogs: (seen.append(1), dialog.dismiss()))
        page.wait_for_timeout(300)
        assert page.errors == [], name
        assert dialogs == []
        assert page.locator("img[src='x']").count() == 0
    page = opened(hostile_site / "families" / "index.html")
    assert HOSTILE in page.locator("#searchable-families tbody").inner_text()


def test_tables_search_and_sort(site, largest, opened):
    page = opened(site / "families" / "index.html")
    table = page.locator("#searchable-families")
    table.locator("tbody tr").first.wait_for()
    first_cells = table.locator("tbody tr td:first-child")
    assert first_cells.first.inner_text() == largest
    page.get_by_role("searchbox", name="Search families").fill("race/bulk-base")
    assert first_cells.all_inner_texts() == ["race/bulk-base"]
    page.get_by_role("searchbox", name="Search families").fill("")
    heading = table.locator("thead th").nth(2)

    def sizes():
        texts = table.locator("tbody tr td:nth-child(3)").all_inner_texts()
        return [int(text.replace(",", "")) for text in texts]

    heading.click()
    table.locator("th[aria-sort='ascending']").wait_for()
    assert sizes() == sorted(sizes())
    heading.get_by_role("button").press("Enter")
    table.locator("th[aria-sort='descending']").wait_for()
    assert sizes() == sorted(sizes(), reverse=True)
    assert sizes()[0] > sizes()[-1]


def test_the_sites_own_search_finds_a_page(site, opened):
    page = opened(site / "search.html")
    page.goto(f"{(site / 'search.html').as_uri()}?q=crowding")
    page.locator("#search-results li .context mark").first.wait_for()
    said = page.locator("#search-results").inner_text()
    assert "Methods" in said
    marks = page.locator("#search-results .context mark").all_inner_texts()
    assert {mark.lower() for mark in marks} == {"crowding"}
    assert page.errors == []
    assert page.requests == []


def test_hostile_ids_in_excerpts_stay_text(hostile_site, opened):
    page = opened(hostile_site / "search.html")
    page.goto(f"{(hostile_site / 'search.html').as_uri()}?q=onerror")
    page.wait_for_timeout(500)
    assert page.errors == []
    assert page.locator("img[src='x']").count() == 0


def test_the_tree_opens_by_keyboard(site, largest, opened):
    page = opened(site / "families" / f"{slug_of(largest)}.html")
    page.locator(".tree > details > summary").focus()
    page.keyboard.press("Enter")
    branch = page.locator(".tree ul details").first
    assert branch.get_attribute("open") is None
    branch.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert branch.get_attribute("open") is not None
    page.keyboard.press("Space")
    assert branch.get_attribute("open") is None


def test_dark_mode_darkens_page_and_figures_and_can_be_switched(site, opened):
    def colours(page):
        return page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, "
            "getComputedStyle(document.querySelector('figure.drawn svg.figure text')).fill]"
        )

    path = site / "ecosystem.html"
    light, dark = colours(opened(path)), colours(opened(path, scheme="dark"))
    assert light[0] == "rgb(255, 255, 255)"
    assert light != dark
    assert sum(map(int, dark[0][4:-1].split(","))) < 150
    assert sum(map(int, dark[1][4:-1].split(","))) > 450
    page = opened(path)
    for _ in range(3):
        page.locator(".theme-toggle").locator("visible=true").first.click()
        if colours(page) == dark:
            break
    assert colours(page) == dark


NOT_SHOWN = """width => [...document.querySelectorAll("article :not(svg *)")]
    .filter(one => one.checkVisibility())
    .filter(one => !one.closest(".hidden, thead, .formula"))
    .filter(one => one.getBoundingClientRect().right > width + 1
        || (one.scrollWidth > one.clientWidth + 1
            && !["visible", "clip"].includes(getComputedStyle(one).overflowX)
            && !one.matches(".canvas")))
    .map(one => one.outerHTML.slice(0, 160))"""
"""What a reader cannot see without scrolling sideways."""


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_table_loses_a_column_folded_or_open(site, opened, width):
    for path in pages(site):
        page = opened(path, width)
        page.wait_for_timeout(150)
        assert page.evaluate(NOT_SHOWN, width) == [], path.name
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert page.evaluate(NOT_SHOWN, width) == [], path.name


def test_no_page_is_longer_than_twelve_screens_of_a_telephone(site, opened):
    for path in pages(site):
        page = opened(path, NARROW)
        page.wait_for_timeout(150)
        height = page.evaluate("document.documentElement.scrollHeight")
        assert height <= 12 * SCREEN, path.name


def test_the_contents_of_a_page_stand_beside_it_on_a_laptop(site, opened):
    for name in ("index", "verdicts", "data"):
        page = opened(site / f"{name}.html", WIDE)
        contents = page.locator(".toc-tree a:visible")
        assert contents.count() >= 2
        box = contents.first.bounding_box()
        assert box["x"] > 0
        assert box["x"] + box["width"] <= WIDE


def test_what_landing_this_is_is_in_sight_on_every_page(named_site, opened):
    for path in pages(named_site):
        page = opened(path, NARROW)
        line = page.locator(".announcement")
        assert "2026-09-04" in line.inner_text()
        box = line.bounding_box()
        assert box["y"] == 0
        assert box["width"] <= NARROW


def test_a_switch_leaves_out_takers_by_the_models_own_owner(site, opened):
    page = opened(site / "models.html", WIDE)
    switch = page.locator("#switch-most_disruptive")
    first, second = "#table-most-disruptive", "#table-most-disruptive-by-others"
    assert page.locator(first).is_visible()
    assert not page.locator(second).is_visible()
    switch.focus()
    page.keyboard.press("Space")
    assert not page.locator(first).is_visible()
    assert page.locator(second).is_visible()


def test_a_models_name_leads_to_its_row_and_its_family(site, largest, opened):
    page = opened(site / "models.html", WIDE)
    link = page.locator("#searchable-models tbody a", has_text=largest).first
    link.wait_for()
    assert link.get_attribute("href").endswith(f"families/{slug_of(largest)}.html")
    page.goto(f"{(site / 'models.html').as_uri()}#find=race%2Fbulk-base")
    page.reload()
    rows = page.locator("#searchable-models tbody tr")
    rows.nth(1).wait_for(state="detached")
    assert rows.first.locator("td").first.inner_text() == "race/bulk-base"
    assert page.errors == []
    assert page.requests == []


def test_names_in_searchable_tables_are_links_and_never_markup(hostile_site, opened):
    from report_sites import HOSTILE

    page = opened(hostile_site / "families" / "index.html")
    link = page.locator("#searchable-families tbody a").first
    link.wait_for()
    assert link.inner_text() == HOSTILE
    assert link.get_attribute("href") == f"../families/{slug_of(HOSTILE)}.html"
    assert page.locator("a.hub").count() == 0


def test_verdicts_are_told_apart_without_colour(site, opened):
    page = opened(site / "index.html", WIDE)
    page.emulate_media(media="print")
    verdicts = page.locator(".claims .verdict")
    words = [text.strip() for text in verdicts.all_inner_texts()]
    assert words == ["supported", "not testable here"]
    shapes = [
        verdicts.nth(place).locator("svg").evaluate("one => one.innerHTML") for place in (0, 1)
    ]
    assert shapes[0] != shapes[1]
    assert all(verdicts.nth(place).locator("svg").is_visible() for place in (0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pictures_of_every_page_are_kept(site, opened, tmp_path_factory, width, scheme):
    folder = tmp_path_factory.getbasetemp() / "pictures"
    folder.mkdir(exist_ok=True)
    for path in pages(site):
        page = opened(path, width, scheme)
        page.wait_for_timeout(300)
        name = path.relative_to(site).with_suffix("").as_posix().replace("/", "_")
        picture = folder / f"{name}-{width}-{scheme}.png"
        page.screenshot(path=picture, full_page=True)
        assert picture.stat().st_size > 10_000, name


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (WIDE, "light"),
        pytest.param(NARROW, "light", marks=pytest.mark.slow),
        pytest.param(WIDE, "dark", marks=pytest.mark.slow),
        pytest.param(NARROW, "dark", marks=pytest.mark.slow),
    ],
)
def test_nothing_keeps_readers_out(site, largest, opened, width, scheme):
    for name, path in main_pages(site, largest).items():
        page = opened(path, width, scheme)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert grave(page) == {}, name


def grave(page) -> dict[str, str]:
    """What an accessibility check finds serious in an opened page: rule -> first place."""
    return {
        one["id"]: one["nodes"][0]["html"][:200]
        for one in axe.Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    }


@pytest.mark.slow
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_page_keeps_readers_out(site, opened, width):
    for path in pages(site):
        page = opened(path, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert grave(page) == {}, path.name


def points_of_text(page: "pypdf.PageObject") -> list[tuple[float, str]]:
    """Where each piece of a printed page's text begins, in points from the left, and the text."""
    found = []

    def visit(text, matrix, text_matrix, font, size):
        if text.strip():
            found.append((text_matrix[4] * matrix[0] + matrix[4], text.strip()))

    page.extract_text(visitor_text=visit)
    return found


@pytest.mark.slow
def test_a_printed_page_holds_all_text_and_cuts_nothing(site, largest, opened, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "prints"
    folder.mkdir(exist_ok=True)
    for name, path in main_pages(site, largest).items():
        page = opened(path, PAPER, scheme="dark")
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER, name
        # What is there for listeners alone (.hidden) is cut on screen as well.
        cut = page.evaluate(
            """[...document.querySelectorAll("article, article :not(svg *, .hidden)")]
            .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1
                && getComputedStyle(one).overflowX != "visible")
            .map(one => one.outerHTML.slice(0, 120))"""
        )
        assert cut == [], name
        # Headings, captions and cells as far as a reader has them open.
        words = page.evaluate(
            """[...document.querySelectorAll("article :is(h1, h2, caption, thead th, figure text)")]
            .filter(one => one.checkVisibility({opacityProperty: true}))
            .map(one => one.textContent.trim())"""
        )
        printed = page.pdf(path=folder / f"{name}.pdf", prefer_css_page_size=True, format="A4")
        sheets = pypdf.PdfReader(io.BytesIO(printed)).pages
        text = "".join(re.sub(r"\s", "", sheet.extract_text()) for sheet in sheets)
        lost = [one for one in words if re.sub(r"\s|\N{PILCROW SIGN}", "", one) not in text]
        assert lost == [], name
        assert "Skiptocontent" not in text
        for sheet in sheets:
            assert sheet.extract_text().strip(), name
            beyond = [said for at, said in points_of_text(sheet) if at > sheet.mediabox.width - 28]
            assert beyond == [], name


def test_a_picture_on_its_own_keeps_nobody_out(site, largest, opened):
    for name in ("data_funnel", "entry_calendar", f"{slug_of(largest)}-tree"):
        page = opened(site / "figures" / f"{name}.svg")
        assert grave(page) == {}, name
