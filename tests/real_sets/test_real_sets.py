"""The public sets, imported and built as docs/real_sets.md says, against facts of their own.

What is expected comes from the sets' READMEs, from docs/definitions.md, or from the raw files read
once more here with plain Python and DuckDB. A build runs all data tests: none of them may fail on
real data.

All of them are marked slow.
"""

import fcntl
import os
import random
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import networkx
import pytest
import yaml

from real_sets import recipes
from real_sets.counting import disruption_counts
from real_sets.recipes import FAMILY_TREES, HUB_CENSUS, OPEN_NAMED, RADAR, WEEKLY
from support import REPOSITORY, build, needs_shared_data, read, slow_in_group

pytestmark = needs_shared_data

on_radar = slow_in_group("real_set_radar")
on_open_named = slow_in_group("real_set_open_named")
on_weekly = slow_in_group("real_set_weekly")
on_weekly_whole = slow_in_group("real_set_weekly_whole")
on_family_trees = slow_in_group("real_set_family_trees")
on_hub_census = slow_in_group("real_set_hub_census")

LATEST = "20260822T200029Z"
RELATION_OF_LIST = {
    "children": "finetune", "adapters": "adapter", "quantized": "quantized", "merges": "merge",
}  # fmt: skip


@dataclass(frozen=True)
class Marts:
    """A set, built."""

    database: Path

    def rows(self, sql: str) -> list[tuple]:
        return [tuple(row.values()) for row in read(self.database, sql)]

    def value(self, sql: str):
        ((value,),) = self.rows(sql)
        return value

    def edges(self) -> set[tuple[str, str]]:
        return set(self.rows("select lower(child_id), lower(parent_id) p from marts.lineage_edges"))

    def rejections(self) -> dict[str, int]:
        """reason -> rejected claims, those of phases that are not in use left out."""
        return dict(
            self.rows("""
            select reason, count(*) from marts.lineage_rejections
            where reason != 'phase_not_in_use' group by all
        """)
        )


def marts_of(recipe: recipes.Recipe, tmp_path_factory, name: str) -> Marts:
    """Build a set once in a run, also where the workers of xdist share its tests."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder = shared / f"real-set-{name}"
    folder.mkdir(exist_ok=True)
    marts = Marts(folder / "hub_lineage.duckdb")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "built").exists():
            shutil.rmtree(folder / "landing", ignore_errors=True)
            marts.database.unlink(missing_ok=True)
            landing = recipes.land(recipe, folder)
            build(landing, marts.database, recipe.variables)
            (folder / "built").touch()
    return marts


@pytest.fixture(scope="session")
def radar(tmp_path_factory) -> Marts:
    return marts_of(recipes.RADAR_RECIPE, tmp_path_factory, "radar")


@pytest.fixture(scope="session")
def weekly(tmp_path_factory) -> Marts:
    return marts_of(recipes.WEEKLY_RECIPE, tmp_path_factory, "weekly")


@pytest.fixture(scope="session")
def weekly_whole(tmp_path_factory) -> Marts:
    return marts_of(recipes.WEEKLY_WHOLE_RECIPE, tmp_path_factory, "weekly_whole")


@pytest.fixture(scope="session")
def open_named(tmp_path_factory) -> Marts:
    return marts_of(recipes.OPEN_NAMED_RECIPE, tmp_path_factory, "open_named")


@pytest.fixture(scope="session")
def family_trees(tmp_path_factory) -> Marts:
    return marts_of(recipes.FAMILY_TREES_RECIPE, tmp_path_factory, "family_trees")


@pytest.fixture(scope="session")
def hub_census(tmp_path_factory) -> Marts:
    return marts_of(recipes.HUB_CENSUS_RECIPE, tmp_path_factory, "hub_census")


@pytest.fixture(scope="session")
def hub_census_default(tmp_path_factory) -> Marts:
    return marts_of(recipes.HUB_CENSUS_DEFAULT_RECIPE, tmp_path_factory, "hub_census_default")


def raw(sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


# radar_2026_08


@dataclass(frozen=True)
class Child:
    """A radar model with parents: their ids in lower case as its card and its tags name them."""

    declared: frozenset[str]
    tagged: frozenset[str]
    n_declared: int
    relations: frozenset[str]


PLACEHOLDERS = {"none", "undefined", "todo-add-base-model-repo-link", ""}


def clean(text: str) -> str | None:
    """The id in a parent's text; None where it is a placeholder or a path without an id."""
    text = text.strip()
    if found := re.search(r"(?:^|/)models--([^/]+?)--([^/]+)/", text):
        return "/".join(found.groups()).lower()
    is_path = "\\" in text or text.startswith(("/", "models/")) or text.count("/") > 1
    return None if is_path or text.lower() in PLACEHOLDERS else text.lower()


@pytest.fixture(scope="session")
def renames() -> dict[str, str]:
    """declared id -> id in the Hub's tag, lower case: observed_renames.csv."""
    return {
        declared.lower(): resolved.lower()
        for declared, resolved in raw(
            f"select declared, resolved_by_hub from '{RADAR}/observed_renames.csv'"
        )
    }


@pytest.fixture(scope="session")
def radar_children() -> dict[str, Child]:
    children = {}
    for model_id, tags, base_model in raw(
        f"select lower(id), tags, base_model from '{RADAR}/models.parquet'"
    ):
        declared = [] if base_model is None else base_model.split(",")
        bodies = [tag.removeprefix("base_model:") for tag in tags if tag.startswith("base_model:")]
        found = [re.fullmatch(r"(?:(finetune|adapter|quantized|merge):)?(.+)", b) for b in bodies]
        children[model_id] = Child(
            frozenset(filter(None, map(clean, declared))) - {model_id},
            frozenset(filter(None, (clean(match[2]) for match in found))) - {model_id},
            len(declared),
            frozenset(match[1] for match in found if match[1]),
        )
    return children


def one_name(child: Child, parent: str, renames: dict[str, str]) -> str:
    """The name the Hub itself has for a parent of the child, where the data shows it."""
    if len(child.declared) == len(child.tagged) == 1 and parent in child.declared:
        return min(child.tagged)
    return renames.get(parent, parent)


@on_radar
def test_radar_keeps_one_model_of_ids_that_differ_only_by_case(radar):
    assert radar.value("select count(*) from marts.hub_models") == 15_900
    assert radar.rows(f"""
        select reason, count(*) from marts.landing_rejections
        where snapshot_id = '{LATEST}' group by all
    """) == [("duplicate_repository", 4)]


@on_radar
def test_radar_edges_are_the_pairs_in_its_tags_and_cards(radar, radar_children, renames):
    expected = {
        (name, one_name(child, parent, renames))
        for name, child in radar_children.items()
        for parent in child.declared | child.tagged
    }
    expected = {(child, parent) for child, parent in expected if "/" in parent and child != parent}
    found = {
        (name, one_name(radar_children[name], parent, renames)) for name, parent in radar.edges()
    }
    assert {(child, parent) for child, parent in found if child != parent} == expected


@on_radar
def test_radar_keeps_the_parents_that_the_hub_cut_from_declared_lists(
    radar, radar_children, renames
):
    parents = defaultdict(set)
    for child, parent in radar.edges():
        parents[child].add(parent)
    lists = {name: child for name, child in radar_children.items() if child.n_declared > 1}
    assert len(lists) == 257
    assert max(map(len, (parents[name] for name in lists))) >= 58
    cut = 0
    for name, child in lists.items():
        usable = {renames.get(parent, parent) for parent in child.declared}
        usable = {parent for parent in usable if "/" in parent and parent != name}
        assert usable <= {renames.get(parent, parent) for parent in parents[name]}
        cut += len(child.tagged) == 1 < len(usable) and child.relations != {"merge"}
    assert cut >= 190, (
        "docs/definitions.md#evidence-and-edges counts 199 lists of which the tags keep one parent"
    )


@on_radar
def test_radar_rejects_what_the_dirt_list_counts(radar):
    rejected = radar.rows("""
        select reason, evidence, count(*), count(distinct child_id) from marts.lineage_rejections
        where reason != 'phase_not_in_use' group by all order by all
    """)
    counts = {(reason, evidence): n for reason, evidence, n, _ in rejected}
    assert counts["self_reference", "card"] >= 21
    assert counts["self_reference", "typed_tag"] == 23
    # 29 absolute and 18 relative paths, of which the caches `models--owner--name` hold an id.
    values = raw(f"""
        select tag[12:] as body from (select unnest(tags) as tag from '{RADAR}/models.parquet')
        where starts_with(tag, 'base_model:adapter:')
            and (regexp_matches(body, '/.*/') or contains(body, chr(92)))
    """)
    assert len(values) == 47
    with_id = sum("models--" in value for (value,) in values)
    assert counts["local_path", "typed_tag"] == 47 - with_id
    # None 16, undefined 4, none 1, TODO-add-base-model-repo-link 1; three cards are left empty.
    assert counts["placeholder", "card"] == 16 + 4 + 1 + 1 + 3


STILL_LISTED = {
    "empero-ai/qwen3.8-2b", "empero-ai/qwen3.8-4b", "empero-ai/qwen3.8-9b",
    "mondk/model-does-not-reject-the-deadly-prompt", "vcruz305/deepnemotron-3.5-lightning-bf16",
}  # fmt: skip
TAGGED_BOTH_WAYS = {
    "deepreinforce-ai/ornith-1.0-35b",
    "ethanfel/qwen3-vl-32b-ultra-heretic-minimax-h3-comfyui-int8-convrot",
}
OWN_OLD_NAME = {"ptx0/pixart-900m-1024-ft-v0.7-stage1", "lolxdasfwa/quartz-s1-base"}


@on_radar
def test_radar_resolves_the_observed_renames(radar, renames):
    meaning = dict(
        radar.rows("""
            select lower(claimed_parent), any_value(parent_id_lower)
            from intermediate.int_parent_texts_resolved group by all
        """)
    )
    unresolved = {old for old, new in renames.items() if meaning[old] != new}
    assert unresolved <= STILL_LISTED | TAGGED_BOTH_WAYS | OWN_OLD_NAME


@on_radar
def test_radar_children_keep_a_name_in_use_beside_the_name_in_their_tags(radar, radar_children):
    # The contract lets a listed id mean itself, and a name with contradicting witnesses too. The
    # radar has no immutable id, so it lists some repositories under their old name as well.
    parents = defaultdict(set)
    for child, parent in radar.edges():
        parents[child].add(parent)
    twice = {
        name
        for name, child in radar_children.items()
        if len(child.declared) == len(child.tagged) == 1 < len(parents[name])
    }
    assert len(twice) == 33


@on_radar
def test_radar_models_named_by_their_own_tags_teach_no_name(radar):
    # Card X, tags the model itself: X may be its old name, or a parent that the Hub does not find.
    # Taken for a name it would move the other children of X, so it stays what the card says.
    assert {parent for _, parent in radar.edges()} & OWN_OLD_NAME == OWN_OLD_NAME


@on_radar
def test_radar_history_says_what_the_thirteen_states_say(radar):
    states = f"""
        (select *, row_number() over (
            partition by snapshot_no, lower(id) order by row_in_file desc) as nth
        from (select *, row_number() over () as row_in_file from '{RADAR}/snapshots.parquet'))
        where nth = 1
    """
    ((recreated, n_recreated_ids, fallen),) = raw(f"""
        with states as (select * from {states})
        select
            count(*) filter (after.createdAt != before.createdAt),
            count(distinct after.id) filter (after.createdAt != before.createdAt),
            count(*) filter (after.downloads < before.downloads)
        from states as before inner join states as after
            on lower(before.id) = lower(after.id) and after.snapshot_no = before.snapshot_no + 1
    """)
    ((added,),) = raw(f"""
        with states as (select *, lower(id) as key, snapshot_no - 1 as no from {states})
        select count(*) from states as after anti join states as before
            on before.key = after.key and before.snapshot_no = after.no
        where after.snapshot_no > 1
    """)
    ((removed,),) = raw(f"""
        with states as (select *, lower(id) as key, snapshot_no - 1 as no from {states})
        select count(*) from states as before anti join states as after
            on before.key = after.key and before.snapshot_no = after.no
        where before.snapshot_no < 13
    """)
    changes = dict(radar.rows("select change, count(*) from marts.snapshot_changes group by all"))
    changes.pop("lineage_changed")
    assert changes == {"recreated": recreated, "added": added, "removed": removed}
    assert n_recreated_ids == 344, "the README's count of ids that were made again"
    assert radar.value(
        "select count(*) from marts.model_metrics where downloads_change < 0"
    ) == fallen == 1_587  # fmt: skip


@on_radar
def test_radar_lineage_changes_where_a_card_names_other_parents(radar):
    """Up to the last pair only cards were recorded; from there on tags speak too."""
    changed = {
        (snapshot, model.lower())
        for snapshot, model in radar.rows(f"""
            select snapshot_id, model_id from marts.snapshot_changes
            where change = 'lineage_changed' and snapshot_id != '{LATEST}'
        """)
    }
    texts = {
        (moment.strftime("%Y%m%dT%H%M%SZ"), name)
        for moment, name in raw(f"""
            with states as (select *, lower(id) as key from '{RADAR}/snapshots.parquet')
            select after.snapshot_at, after.key
            from states as before inner join states as after
                on before.key = after.key and after.snapshot_no = before.snapshot_no + 1
            where after.base_model is distinct from before.base_model and after.snapshot_no < 13
        """)
    }
    assert changed <= texts
    assert len(changed) >= 280
    # A placeholder put in or taken out, a list in another order, a case changed.
    assert len(texts - changed) <= 20


# weekly_relations_2025


@on_radar
def test_radar_answers_the_queries_of_the_readme_as_it_says(radar):
    """The comment under each query is its answer."""
    text = (REPOSITORY / "docs/queries.md").read_text(encoding="utf-8")
    said = []
    for block in re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        query, comment = block.split("\n-- ")
        rows = radar.rows(re.sub(r"'exports/(\w+)\.parquet'", r"marts.\1", query))
        said.append((comment.strip(), rows))
    (index, counts), (crowded, races), (claims, reasons) = said
    assert [int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", index)] == list(counts[0])
    assert crowded == ", ".join(f"{base} {n}" for base, n in races)
    assert claims == ", ".join(f"{reason} {n}" for reason, n, _ in reasons)


@pytest.fixture(scope="session")
def weekly_raw() -> tuple[set[tuple[str, str]], dict[str, str], dict[str, datetime], int]:
    """Pairs, relations and weeks of the added models, of each id its last row; and self loops."""
    pairs: set[tuple[str, str]] = set()
    relation_of, week_of, n_self = {}, {}, 0
    last = {}
    for name, week, relation, parents in raw(f"""
        select lower(id), week::timestamp, relation, lower(base_model)
        from '{WEEKLY}/weekly_models.parquet' where list = 'added' order by week, position
    """):
        last[name] = (week, relation, parents)
    for name, (week, relation, parents) in last.items():
        week_of[name] = week
        for parent in set(parents.split(", ")) if parents else ():
            n_self += parent == name
            if parent != name:
                pairs.add((name, parent))
                relation_of[name] = relation
    return pairs, relation_of, week_of, n_self


@on_weekly
def test_weekly_edges_are_the_pairs_in_the_file(weekly, weekly_raw):
    pairs, relation_of, week_of, n_self = weekly_raw
    assert weekly.value("select count(*) from marts.hub_models") == len(week_of) == 435_680
    assert weekly.edges() == pairs
    assert weekly.rejections() == {"self_reference": n_self}
    found = weekly.rows("""
        select distinct lower(child_id), relation, relation_source from marts.lineage_edges
    """)
    assert {child: relation for child, relation, _ in found} == relation_of
    assert {source for *_, source in found} == {"card"}


@on_weekly
def test_weekly_cycles_are_the_strong_components(weekly, weekly_raw):
    graph = networkx.DiGraph(weekly_raw[0])
    member = {
        name: number
        for number, names in enumerate(networkx.strongly_connected_components(graph))
        for name in names
        if len(names) > 1
    }
    inside = {(c, p) for c, p in graph.edges if c in member and member[c] == member.get(p)}
    flagged = set(
        weekly.rows("""
            select lower(child_id), lower(parent_id) p from marts.lineage_edges where is_in_cycle
        """)
    )
    assert inside <= flagged
    # Flagged besides: what hangs below a cycle that no root feeds.
    below = graph.reverse(copy=False)
    fed = set().union(*(networkx.descendants(below, name) for name in member))
    assert {child for child, _ in flagged - inside} <= fed


@on_weekly
@pytest.mark.parametrize(("window_name", "days"), [("30d", 30), ("90d", 90), ("all", 10_000)])
def test_weekly_takers_and_followers_counted_another_way(weekly, weekly_raw, window_name, days):
    pairs, _, week_of, _ = weekly_raw
    expected = disruption_counts(
        pairs, {name: week.timestamp() for name, week in week_of.items()}, days * 86_400
    )
    found = {
        name: counts
        for name, *counts in weekly.rows(f"""
            select lower(model_id), n_i, n_j, n_k from marts.disruption
            where window_name = '{window_name}'
        """)
    }
    wrong = {
        name: (counts, found.get(name))
        for name, counts in expected.items()
        if list(counts) != found.get(name)
    }
    assert (len(found), wrong) == (len(expected), {})


@on_weekly
def test_weekly_shares_agree_with_the_reference_numbers(weekly):
    """docs/definitions.md#disruption: 0.10 % negative, 77.1 % zero, 2.3 % positive, 20.5 %
    undefined."""
    negative, zero, positive, undefined = weekly.rows("""
        select count(*) filter (mdi < 0) / count(*), count(*) filter (mdi = 0) / count(*),
            count(*) filter (mdi > 0) / count(*), count(*) filter (mdi is null) / count(*) as u
        from marts.disruption
        where window_name = '90d' and n_parents > 0 and is_window_closed
    """)[0]
    assert negative == pytest.approx(0.001, abs=0.0005)
    assert zero == pytest.approx(0.771, abs=0.015)
    assert positive == pytest.approx(0.023, abs=0.004)
    assert undefined == pytest.approx(0.205, abs=0.015)


@on_weekly
def test_weekly_mdi_is_what_cdindex_computes(weekly, weekly_raw):
    """On 2,000 focals, half of them with several parents; a window of 90 days."""
    import cdindex

    pairs, _, week_of, _ = weekly_raw
    names = {name for pair in pairs for name in pair}
    graph = cdindex.Graph(
        vertices=[
            {"name": name, "time": int(week_of[name].timestamp()) if name in week_of else 0}
            for name in sorted(names)
        ],
        edges=[{"source": child, "target": parent} for child, parent in sorted(pairs)],
    )
    found = {
        name: (n_parents, n_i, n_j, n_k)
        for name, n_parents, n_i, n_j, n_k in weekly.rows("""
            select lower(model_id), n_parents, n_i, n_j, n_k from marts.disruption
            where window_name = '90d' and n_parents > 0
        """)
    }
    several = sorted(name for name, counts in found.items() if counts[0] > 1)
    single = sorted(name for name, counts in found.items() if counts[0] == 1)
    chance = random.Random(20_250_702)
    for name in chance.sample(several, 1_000) + chance.sample(single, 1_000):
        _, n_i, n_j, n_k = found[name]
        expected = graph.cdindex(name, 90 * 86_400)
        if n_i + n_j + n_k == 0:
            assert expected is None, name
        else:
            assert expected == pytest.approx((n_i - n_j) / (n_i + n_j + n_k)), name


@on_weekly_whole
def test_weekly_lands_as_a_whole_with_the_deleted_models(weekly_whole):
    ((rows, models),) = raw(f"""
        select count(*), count(distinct lower(id)) from '{WEEKLY}/weekly_models.parquet'
    """)
    assert rows == 535_469
    assert weekly_whole.value("select count(*) from marts.hub_models") == models
    assert weekly_whole.value("select count(*) from marts.landing_rejections") == rows - models
    ((deleted_only,),) = raw(f"""
        select count(distinct lower(id)) from '{WEEKLY}/weekly_models.parquet'
        where list = 'deleted' and lower(id) not in (
            select lower(id) from '{WEEKLY}/weekly_models.parquet' where list = 'added')
    """)
    assert weekly_whole.value(
        "select count(*) from marts.hub_models where created_at is null"
    ) == deleted_only  # fmt: skip


# open_named_2025_10


@pytest.fixture(scope="session")
def open_named_raw() -> tuple[dict[str, str], set[str]]:
    """child -> parent without its bullet, and all models; ids in lower case."""
    models = {
        name
        for (name,) in raw(f"""
            select lower(id) from '{OPEN_NAMED}/models.parquet'
            union select lower(id) from '{OPEN_NAMED}/labs_models.parquet'
        """)
    }
    parent_of = {
        child: parent.removeprefix("- ").strip()
        for child, parent in raw(f"""
            select lower(id), lower(base_model) from '{OPEN_NAMED}/edges_raw.parquet'
        """)
        if child in models
    }
    return parent_of, models


@on_open_named
def test_open_named_edges_are_the_parents_without_their_bullets(open_named, open_named_raw):
    parent_of, models = open_named_raw
    assert open_named.value("select count(*) from marts.hub_models") == len(models) == 22_092
    usable = {
        (child, parent) for child, parent in parent_of.items() if child != parent and "/" in parent
    }
    assert open_named.edges() == usable
    reasons = Counter(
        "placeholder" if parent in {"original_repo_name", "[]", "unknown"}
        else "self_reference" if parent == child
        else "no_owner"
        for child, parent in parent_of.items()
        if (child, parent) not in usable
    )  # fmt: skip
    assert open_named.rejections() == reasons
    assert reasons["self_reference"] == 13, "the README's count"
    assert reasons["placeholder"] == 48 + 12 + 1, "docs/definitions.md#who-a-parent-is"


@on_open_named
def test_open_named_finds_the_parents_that_are_rows(open_named, open_named_raw):
    parent_of, models = open_named_raw
    listed = open_named.value("select count(*) from marts.lineage_edges where is_parent_listed")
    assert listed == sum(
        parent in models and child != parent for child, parent in parent_of.items()
    )
    # The README counts 5,619 with the 13 self references and 34 children that are no rows.
    assert 5_619 - 13 - 34 <= listed <= 5_619 + 10


@on_open_named
def test_open_named_has_the_readmes_children_older_than_their_parents(open_named):
    assert open_named.value(
        "select count(*) from marts.lineage_edges where is_time_inverted"
    ) == 62  # fmt: skip


@on_open_named
def test_open_named_says_no_relation_that_nothing_shows(open_named):
    sources = dict(
        open_named.rows("""
            select relation, list(distinct relation_source) from marts.lineage_edges group by all
        """)
    )
    assert sources.pop("unknown") == ["none"]
    assert sources == {"quantized": ["inferred"], "adapter": ["inferred"]}
    children = open_named.rows("""
        select distinct regexp_extract(lower(child_id), '[-_.]([a-z0-9]+)$', 1) as ending
        from marts.lineage_edges where relation in ('quantized', 'adapter')
    """)
    assert {ending for (ending,) in children} <= {
        "gguf", "awq", "gptq", "exl2", "exl3", "mlx", "4bit", "8bit", "fp8", "int4", "int8",
        "i1", "bnb", "imatrix", "nvfp4", "w8a8", "w8a16", "lora", "qlora", "adapter",
    }  # fmt: skip


@on_open_named
def test_open_named_keeps_its_three_cycle(open_named):
    cycle = {
        child.lower()
        for (child,) in open_named.rows("""
            select child_id from marts.lineage_edges
            where is_in_cycle and child_id like 'quastrinos/%'
        """)
    }
    assert len(cycle) >= 3


# family_trees_2025_04


@pytest.fixture(scope="session")
def tree_records() -> dict[str, list[str]]:
    """model -> parents that its card declares, read with a YAML reader; ids in lower case."""
    records = {}
    for name, card in raw(f"""
        select lower(id), metadata_raw ->> 'card_data' from '{FAMILY_TREES}/models.parquet'
        where metadata_raw is not null order by createdAt is not null, crawl
    """):
        declared = (yaml.safe_load(card or "") or {}).get("base_model") or []
        declared = [declared] if isinstance(declared, str) else declared
        records[name] = [parent.lower() for parent in declared]
    return records


def tree_lists() -> Iterator[tuple[str, str, str, str]]:
    """(crawl and family, parent, list, child) of the Hub's tree pages, ids in lower case."""
    yield from raw(f"""
        select distinct
            crawl || ' ' || family, lower(replace(parent, 'https://huggingface.co/', '')), list,
            lower(replace(child, 'https://huggingface.co/', ''))
        from '{FAMILY_TREES}/tree_lists.parquet'
    """)


@pytest.fixture(scope="session")
def tree_models() -> set[tuple[str, str]]:
    """(crawl and family, model) of the records."""
    return set(
        raw(f"""
            select crawl || ' ' || family, lower(id) from '{FAMILY_TREES}/models.parquet'
            where metadata_raw is not null
        """)
    )


@on_family_trees
def test_family_trees_have_an_edge_for_each_declared_parent(family_trees, tree_records):
    assert family_trees.value("select count(*) from marts.hub_models") == len(tree_records) == 1_115
    declared = {
        (child, parent)
        for child, parents in tree_records.items()
        for parent in parents
        if parent != child and "/" in parent
    }
    assert declared <= family_trees.edges()


@on_family_trees
def test_family_trees_hold_every_relation_that_the_hub_lists(family_trees, tree_models):
    """Each child on a tree page whose record was crawled with the page has that edge."""
    relation_of = {
        (child, parent): relation
        for child, parent, relation in family_trees.rows("""
            select lower(child_id), lower(parent_id) p, relation from marts.lineage_edges
        """)
    }
    checked = disagreed = 0
    for crawl, parent, listed, child in tree_lists():
        if (crawl, child) in tree_models:
            checked += 1
            disagreed += relation_of.get((child, parent)) != RELATION_OF_LIST[listed]
    assert (checked, disagreed) == (2_754, 0)


@on_family_trees
def test_family_trees_list_every_edge_but_those_the_hub_cut_from_a_list(
    family_trees, tree_models, tree_records
):
    """The reverse: an edge that no tree page shows is a further parent in a declared list."""
    listed, visited = set(), set()
    for crawl, parent, list_name, child in tree_lists():
        listed.add((crawl, parent, RELATION_OF_LIST[list_name], child))
        visited.add((crawl, parent))
    crawls_of = defaultdict(set)
    for crawl, name in tree_models:
        crawls_of[name].add(crawl)
    unlisted = set()
    for child, parent, relation, evidence in family_trees.rows("""
        select lower(child_id), lower(parent_id) p, relation, evidence from marts.lineage_edges
    """):
        for crawl in crawls_of[child]:
            if (crawl, parent) in visited and (crawl, parent, relation, child) not in listed:
                unlisted.add((child, parent))
                assert list(evidence) == ["card"]
                assert len(tree_records[child]) > 1
    assert len(unlisted) == 3


@on_family_trees
def test_family_trees_cut_lists_by_the_byte_order_rule(family_trees, tree_records):
    """docs/definitions.md#evidence-and-edges: of a declared list the tags keep the first parent in
    byte order, 55 of 55."""
    tagged = defaultdict(set)
    for child, parent, evidence in family_trees.rows(
        "select lower(child_id), parent_id, evidence from marts.lineage_edges"
    ):
        tagged[child].add((parent, "typed_tag" in evidence))
    cut = 0
    for child, parents in tree_records.items():
        kept = {parent for parent, is_tagged in tagged[child] if is_tagged}
        if len(set(parents)) > 1 and len(kept) == 1:
            cut += 1
            assert kept == {min(parent for parent, _ in tagged[child])}, child
    assert cut >= 50


# hub_census_2022_02


def census_parent(link: str) -> str | None:
    """The id a link to a model page holds, in lower case."""
    found = re.fullmatch(r"h?https://huggingface\.co/([\w.-]+(?:/[\w.-]+)?)/?", link)
    return found[1].lower() if found else None


@on_hub_census
def test_hub_census_takes_its_edges_from_card_texts(hub_census):
    rows = raw(f"select lower(id), card_parent_link from '{HUB_CENSUS}/models.parquet'")
    models = {name for name, _ in rows}
    links = {name: link for name, link in rows if link is not None}
    assert (len(models), len(links)) == (29_432, 2_315)
    sure = {
        (name, parent)
        for name, link in links.items()
        if (parent := census_parent(link)) and parent != name
        and (parent in models or ("/" in parent and not parent.startswith(("./", "datasets/"))))
        and (parent in models or not re.search(r"--|[.][.]|/-|[.-]$", parent))
    }  # fmt: skip
    edges = hub_census.edges()
    assert sure <= edges
    assert len(edges - sure) <= 1, "a page of the library's documentation is no model"
    assert len(edges) + sum(hub_census.rejections().values()) == len(links)
    assert {evidence for (evidence,) in hub_census.rows(
        "select distinct unnest(evidence) from marts.lineage_edges"
    )} == {"card_text"}  # fmt: skip


@on_hub_census
def test_hub_census_has_no_dates_and_defines_nothing_by_them(hub_census):
    assert hub_census.rows("""
        select count(created_at), count(*) filter (is_created_at_floor) from marts.hub_models
    """) == [(0, 0)]
    assert hub_census.value("select count(release_rank) from marts.release_races") == 0
    assert hub_census.value("select count(mdi) from marts.disruption") == 0
    assert dict(hub_census.rows("""
        select n_parents > 0, list(distinct undefined_reason order by undefined_reason)
        from marts.disruption where window_name = 'all' group by all
    """)) == {True: ["no_creation_date"], False: ["no_declared_parent"]}  # fmt: skip


@on_hub_census
def test_hub_census_resolves_the_short_names_of_its_time(hub_census):
    """`bert-base-uncased` is a row of 2022, so the name without an owner is exact."""
    assert (
        hub_census.value("""
        select any_value(n_entrants) from marts.release_races
        where parent_id = 'distilbert-base-uncased'
    """)
        == 400
    )


@on_hub_census
def test_hub_census_without_its_card_texts_has_no_edge(hub_census_default):
    assert hub_census_default.edges() == set()
    assert (
        hub_census_default.value("""
        select count(*) from marts.lineage_rejections
        where reason = 'phase_not_in_use' and evidence = 'card_text'
    """)
        > 2_000
    )
