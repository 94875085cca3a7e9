"""The dbt docs as one static file, opened from disk in headless Chromium."""

import re
import shutil

import pytest
import yaml

from support import REPOSITORY, dbt, once, read

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

# dbt's page asks for these before its own script fills them in, and draws its icons all the same:
# an address left as a template (the icon of the tab), and two that the browser reads too early.
KNOWN = (
    r"Unsafe attempt to load URL file:.*/%7B%7B%20getIcon\(item\.type,%20'(on|off)'\)%20%7D%7D ",
    r"Failed to load resource: net::ERR_FILE_NOT_FOUND",
)
NOT_FOUND = r"file:.*/\$%7Brequire\('\./assets/favicons/favicon\.ico'\)%7D"


@pytest.fixture(scope="module")
def docs(built, shared):
    """The file that `make docs` writes, of the sample."""

    def make(folder):
        database = folder / "hub_lineage.duckdb"
        shutil.copyfile(built / "hub_lineage.duckdb", database)
        dbt("docs", "generate", "--static", landing=REPOSITORY / "sample", database=database)

    folder = once(shared / "dbt_docs", make)
    return folder / "hub_lineage-dbt" / "target" / "static_index.html"


def test_the_overview_names_every_mart_and_asks_nobody(docs, built, opened):
    page = opened(docs)
    missing = []
    page.on("requestfailed", lambda one: missing.append(one.url))
    page.reload()
    page.get_by_role("heading", name="hub_lineage").wait_for()
    said = page.locator("body").inner_text()
    for path in (built / "exports").glob("*.parquet"):
        assert re.search(rf"\b{path.stem}\b", said), path.stem
    assert page.requests == []
    assert [one for one in page.errors if not re.match("|".join(KNOWN), one)] == []
    icons = [url for url in missing if "getIcon" not in url]
    assert [url for url in icons if not re.fullmatch(NOT_FOUND, url)] == []


def test_a_mart_shows_the_meaning_of_its_columns(docs, built, opened):
    page = opened(docs)
    page.goto(f"{docs.as_uri()}#!/model/model.hub_lineage.disruption")
    page.get_by_role("heading", name=re.compile("^disruption")).first.wait_for()
    said = " ".join(page.locator("body").inner_text().split())
    columns = read(
        built / "hub_lineage.duckdb",
        "select column_name, comment from duckdb_columns() "
        "where schema_name = 'marts' and table_name = 'disruption'",
    )
    assert len(columns) > 10
    for column in columns:
        assert column["column_name"] in said
    assert page.requests == []


def test_exposures_are_there_with_their_owners(docs, opened):
    folder = REPOSITORY / "models"
    (path,) = folder.rglob("_exposures.yml")
    exposures = yaml.safe_load(path.read_text("utf-8"))["exposures"]
    assert {"report", "studies", "exported_marts"} <= {one["name"] for one in exposures}
    for one in exposures:
        page = opened(docs)
        page.goto(f"{docs.as_uri()}#!/exposure/exposure.hub_lineage.{one['name']}")
        page.get_by_text(f"{one['owner']['name']} <{one['owner']['email']}>").wait_for()
