"""Sites that the tests read, each built once for all workers, and the browser that opens them."""

import shutil
from pathlib import Path

import pytest
from report_sites import HOSTILE, SAMPLE, built_site, made_results, rewritten

from support import once, read


@pytest.fixture(scope="session")
def exports(built) -> Path:
    """The marts of the sample. Not to be written to."""
    return built / "exports"


@pytest.fixture(scope="session")
def largest(built) -> str:
    """The root of the sample's largest family."""
    rows = read(
        built / "hub_lineage.duckdb",
        "select root_id from marts.families order by n_models desc, root_id limit 1",
    )
    return rows[0]["root_id"]


@pytest.fixture(scope="session")
def inner_base(built, largest) -> str:
    """A base that is no root: the most built-upon derivative of the largest family."""
    rows = read(
        built / "hub_lineage.duckdb",
        "select model_id from marts.hub_models where root_id = $root and generation > 0 "
        "order by n_descendants desc, model_id limit 1",
        {"root": largest},
    )
    return rows[0]["model_id"]


@pytest.fixture(scope="session")
def results(shared, exports) -> Path:
    """Results of the studies, by hand."""

    def make(folder: Path) -> None:
        made_results(exports, folder / "made")

    return once(shared / "report_results", make) / "made"


@pytest.fixture(scope="session")
def site(shared, exports, results, inner_base) -> Path:
    """The sample's report with the two largest families, a named base, and studies."""

    def make(folder: Path) -> None:
        built_site(exports, results, folder, inner_base, n_families=2)

    return once(shared / "report_site", make) / "site"


@pytest.fixture(scope="session")
def hostile_site(shared, exports, largest) -> Path:
    """The same without studies, the largest family's root being called `HOSTILE`."""

    def make(folder: Path) -> None:
        hostile = rewritten(exports, folder / "exports", old=largest, new=HOSTILE)
        built_site(hostile, folder / "none", folder, n_families=1)

    return once(shared / "hostile_report_site", make) / "site"


@pytest.fixture(scope="session")
def named_site(shared, exports) -> Path:
    """The sample passed off as a real, young landing whose source and licence are said; an owner
    of the largest family spells itself in two ways."""

    def make(folder: Path) -> None:
        other = rewritten(exports, folder / "other", old=SAMPLE, new="20260904T040000Z")
        young = rewritten(
            other,
            folder / "exports",
            {
                "hub_models": "select * replace ("
                "case when created_at < timestamp '2026-08-20' and hash(model_id) % 10 > 2 "
                "then timestamp '2026-08-30' else created_at end as created_at, "
                "case when n_children = 0 and hash(model_id) % 2 = 0 then upper(owner) "
                "else owner end as owner) from hub_models"
            },
        )
        built_site(
            young, folder / "none", folder, n_families=2,
            attribution="Radar <b>Set</b>, 686f6c61", licence="cc-by-4.0",
        )  # fmt: skip

    return once(shared / "named_report_site", make) / "site"


@pytest.fixture(scope="session")
def bare_site(shared, exports) -> Path:
    """A landing in which nobody declares a parent, seen once, with a page for a childless base."""

    def make(folder: Path) -> None:
        nothing = {
            mart: f"from {mart} where false"
            for mart in (
                "base_weeks", "concentration", "crowding", "disruption", "disruption_panel",
                "families", "licence_changes", "lineage_edges", "lineage_rejections",
                "recognition_panel", "release_races", "relicensed_models", "snapshot_changes",
                "trait_drift",
            )
        }  # fmt: skip
        bare = rewritten(
            exports,
            folder / "exports",
            nothing
            | {
                "model_metrics": "from model_metrics "
                "where snapshot_id = (select max(snapshot_id) from model_metrics)",
                "hub_models": "select * replace (0 as n_parents, 0 as n_children, "
                "0 as n_descendants, null as relation, null as root_id) from hub_models",
                "ecosystem_months": "from ecosystem_months where relation in ('all', 'none')",
            },
        )
        built_site(bare, folder / "none", folder, "acme-labs/Alpha-7B", n_families=3)

    return once(shared / "bare_report_site", make) / "site"


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; tests skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium among the system's packages")
    with playwright.sync_playwright() as started:
        # Without --allow-file-access-from-files: readers' browsers do not have it either.
        chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Opens a page from disk, offline; `errors` and `requests` are what it said and asked for."""
    contexts = []

    def open_page(path: Path, width: int = 1200, scheme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.errors, page.requests = [], []
        page.on("console", lambda said: said.type == "error" and page.errors.append(said.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "request",
            lambda one: (
                page.requests.append(one.url)
                if not one.url.startswith(("file:", "data:", "blob:"))
                else None
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
