"""The committed sample is what its generator writes, and has the shape and the dirt it promises."""

import itertools
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pytest
from expectations import expected
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from loaders.__main__ import main
from loaders.simulator import drawing, drawn_items, planted_models, sample

SNAPSHOTS = ["20260820T040000Z", "20260827T040000Z", "20260903T040000Z"]
UNFINISHED = "20260910T040000Z"
API_ORDER = """
_id id author baseModels cardData config createdAt lastModified disabled gated private downloads
downloadsAllTime likes trendingScore library_name pipeline_tag sha safetensors gguf tags
"""


def files_of(folder):
    """Every file of a landing by its relative path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(folder, snapshot, columns="*"):
    """The rows of a snapshot in their order."""
    parts = f"{folder}/hub_models/snapshot_id={snapshot}/part-*.parquet"
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {columns} "
            f"from read_parquet('{parts}', filename = true, file_row_number = true) "
            "order by filename, file_row_number"
        ).fetchall()


@pytest.fixture(scope="module")
def items(committed):
    """The readable items of the last complete snapshot by id, as texts and as objects."""
    texts = dict(rows_of(committed, SNAPSHOTS[-1], "coalesce(model_id, ''), raw_json"))
    objects = {}
    for name, text in texts.items():
        try:
            objects[name] = json.loads(text)
        except ValueError:
            continue
    return texts, objects


# the committed files


def test_the_committed_sample_is_what_the_generator_writes(committed, tmp_path):
    sample.write_sample(tmp_path)
    written, there = files_of(tmp_path), files_of(committed)
    assert sorted(written) == sorted(there)
    for snapshot in [*SNAPSHOTS, UNFINISHED]:
        columns = "raw_json, hub_oid, model_id, is_json_valid, page_number, item_number, fetched_at"
        new, old = (rows_of(folder, snapshot, columns) for folder in (tmp_path, committed))
        assert new == old, f"other rows in {snapshot}: write the sample anew"
    writers = {made_by(folder) for folder in (tmp_path, committed)}
    if len(writers) == 1:
        assert [name for name in there if there[name] != written[name]] == []
    else:
        pytest.skip(f"the rows are equal; the bytes come from two releases of DuckDB: {writers}")


def made_by(folder):
    """The program that wrote a landing's Parquet files."""
    with duckdb.connect() as connection:
        parts = f"{folder}/hub_models/*/part-*.parquet"
        metadata = f"select distinct created_by from parquet_file_metadata('{parts}')"
        return connection.execute(metadata).fetchall()[0][0]


def test_the_sample_is_small(committed):
    assert sum(map(len, files_of(committed).values())) <= 1_500_000


def test_threads_do_not_change_a_byte(tmp_path):
    for threads in (1, 3):
        sample.write_sample(tmp_path / str(threads), n_models=1500, threads=threads)
    assert files_of(tmp_path / "1") == files_of(tmp_path / "3")


def test_another_seed_gives_another_hub(tmp_path):
    for seed in (1, 2):
        sample.write_sample(tmp_path / str(seed), n_models=600, n_snapshots=1, seed=seed)
    first, second = (rows_of(tmp_path / str(seed), SNAPSHOTS[0], "raw_json") for seed in (1, 2))
    assert set(first) != set(second)
    planted = {row[2] for row in planted_models.planted(0)}
    assert all(planted <= {row[0] for row in rows} for rows in (first, second))


def test_a_snapshot_that_is_there_is_left_alone(tmp_path):
    sample.write_sample(tmp_path, n_models=500, n_snapshots=1)
    before = files_of(tmp_path)
    with pytest.raises(Exception, match="already holds"):
        sample.write_sample(tmp_path, n_models=600, n_snapshots=1)
    assert files_of(tmp_path) == before
    sample.write_sample(tmp_path, n_models=600, n_snapshots=1, replace=True)
    assert files_of(tmp_path).keys() == before.keys()
    assert files_of(tmp_path) != before


def test_manifests_name_complete_snapshots_and_one_that_runs(committed):
    states = {}
    for manifest in committed.glob("hub_models/*/_manifest.json"):
        content = json.loads(manifest.read_text())
        assert manifest.parent.name == f"snapshot_id={content['snapshot_id']}"
        states[content["snapshot_id"]] = content["status"]
    assert states == dict.fromkeys(SNAPSHOTS, "complete") | {UNFINISHED: "running"}


# the listing


def test_snapshots_hold_as_many_models_as_promised(committed):
    counts = [len(rows_of(committed, snapshot)) for snapshot in SNAPSHOTS]
    assert all(3000 <= count <= 4500 for count in counts)
    assert counts == sorted(counts)


def test_items_are_listed_newest_first(committed):
    for snapshot in SNAPSHOTS:
        rows = rows_of(committed, snapshot, "hub_oid, page_number, item_number, model_id")
        places = [(page, number) for _, page, number, _ in rows]
        assert places == [divmod(at, 1000) for at in range(len(rows))]
        # the item that moved to a later page, and the text without a readable `_id`
        oids = [oid for oid, _, _, name in rows if oid and name != "dirt/twice"]
        assert oids == sorted(oids, reverse=True)
        assert len(set(oids)) == len(oids)


def test_identifiers_hold_the_time_of_creation(items):
    _, objects = items
    for name, item in objects.items():
        if "createdAt" in item and name:
            made = np.datetime64(int(item["_id"][:8], 16), "s")
            assert item["createdAt"] == f"{made}.000Z", name


def test_keys_come_in_the_order_of_the_api(items):
    _, objects = items
    order = API_ORDER.split()
    planted_owners = {name.split("/")[0] for name in planted_names(2)}
    drawn = [item for name, item in objects.items() if name.split("/")[0] not in planted_owners]
    assert len(drawn) > 3000
    for item in drawn:
        places = [order.index(key) for key in item]
        assert places == sorted(places)


def planted_names(snapshot):
    return {row[1] for row in planted_models.planted(snapshot) if row[1]}


def test_tags_follow_the_hubs_rule(items):
    """Tags keep all parents of a merge, sorted, and else the first in byte order."""
    _, objects = items
    kept = dropped = 0
    for name, item in objects.items():
        declared = (item.get("cardData") or {}) if name else {}
        declared = declared.get("base_model") if isinstance(declared, dict) else None
        hub = item.get("baseModels")
        if not isinstance(declared, list) or len(declared) < 2 or not hub:
            continue
        names = [model["id"] for model in hub["models"]]
        assert names == sorted(names, key=str.encode)
        if hub["relation"] == "merge":
            kept += 1
        else:
            assert len(names) == 1
            # what is not listed has no tag, so it does not count
            assert all(names[0].encode() <= text.encode() for text in declared if text in objects)
            dropped += 1
    assert kept >= 10
    assert dropped >= 10


# dirt


def test_every_kind_of_dirt_is_there(items):
    texts, _ = items
    missing = [
        row["kind"]
        for row in expected("dirt_kinds")
        if row["text_in_the_item"] not in texts.get(row["model_id"], "")
    ]
    assert missing == []


def test_unreadable_items_are_landed(committed):
    for snapshot in SNAPSHOTS:
        rows = rows_of(committed, snapshot, "model_id, hub_oid, is_json_valid, raw_json")
        unreadable = {row[0] for row in rows if not row[2]}
        assert unreadable == {None, "dirt/lone-surrogate"}
        assert sum(row[0] is None and row[1] is not None for row in rows) == 1
        assert sum(row[0] == "dirt/twice" for row in rows) == 2
        assert all("\ud83e" not in row[3] for row in rows)


def test_unfinished_snapshot_would_change_known_answers(committed):
    names = {row[0] for row in rows_of(committed, UNFINISHED, "model_id")}
    assert {"unfinished/never-read", "unfinished/of-F", "worked-example/A"} <= names


# the drawn part


@pytest.fixture(scope="module")
def large():
    """A Hub of 100,000 models with its items, and the seconds it took."""
    began = time.monotonic()
    moments = [sample.FIRST_SNAPSHOT]
    ecosystem = drawing.draw(100_000, moments, seed=5)
    with duckdb.connect() as connection:
        generator = drawn_items.Generator(connection, ecosystem)
        query = generator.items(0)
        connection.execute(f"create table items as {query}")
        yield ecosystem, connection, time.monotonic() - began


def shares(ecosystem):
    """The relations' shares of the edges, self references left out."""
    child, parent = ecosystem.edges["child"], ecosystem.edges["parent"]
    kind = ecosystem.models["kind"][child[child != parent]]
    return np.bincount(kind, minlength=4) / kind.size


def test_a_hub_of_100_000_models_takes_seconds(large):
    _, connection, seconds = large
    assert seconds < 20
    (rows, valid, ids, oids), = connection.execute(
        "select count(*), count(*) filter (json_valid(raw_json)), count(distinct lower(model_id)), "
        "count(distinct hub_oid) from items"
    ).fetchall()  # fmt: skip
    assert rows == valid == ids == oids == 100_000


def test_relations_have_the_hubs_shares(large):
    # finetune, adapter, quantized, merge: arXiv 2508.06811
    assert shares(large[0]) == pytest.approx([0.33, 0.421, 0.178, 0.07], abs=0.03)
    small = drawing.draw(sample.MODELS, [sample.FIRST_SNAPSHOT], sample.SEED)
    assert shares(small) == pytest.approx([0.33, 0.421, 0.178, 0.07], abs=0.06)


def test_families_are_heavy_tailed(large):
    ecosystem = large[0]
    child, parent = ecosystem.edges["child"], ecosystem.edges["parent"]
    children = np.sort(np.bincount(parent[child != parent]))[::-1]
    children = children[children > 0]
    assert children[0] > 1000
    assert children[:10].sum() > 0.15 * children.sum()
    assert 0.4 < (children == 1).mean() < 0.75
    owners = np.sort(np.bincount(ecosystem.models["owner"]))[::-1]
    assert owners[0] > 0.01 * ecosystem.n_models
    assert (owners == 1).mean() > 0.3
    downloads = np.sort(ecosystem.counters[0]["downloads"])[::-1]
    assert downloads[:1000].sum() > 0.4 * downloads.sum()
    assert (downloads == 0).mean() > 0.4


def expected_log_likes(ecosystem, effects):
    """Logarithm of the mean of everybody's likes, the base's appeal left out, by plain counting."""
    models, edges = ecosystem.models, ecosystem.edges
    released, owner = models["released"].tolist(), models["owner"].tolist()
    races = {}
    for child, parent in zip(edges["child"].tolist(), edges["parent"].tolist(), strict=True):
        if child != parent < len(released) and released[child] > drawing.FLOOR + drawing.DAY:
            races.setdefault(parent, []).append(child)
    exponent = np.zeros(len(released))
    for entrants in races.values():
        events = {}
        for child in entrants:
            key = owner[child], released[child] // drawing.DAY
            events[key] = min(events.get(key, released[child]), released[child])
        for child in entrants:
            event = events[owner[child], released[child] // drawing.DAY]
            rank = 1 + sum(at < event for at in events.values())
            crowd = sum(
                who != owner[child] and released[child] - 30 * drawing.DAY <= at < released[child]
                for (who, _), at in events.items()
            )
            exponent[child] += effects.rank * np.log(rank) + effects.crowding * np.log1p(crowd)
    return exponent


def test_planted_effects_multiply_the_mean_of_the_likes():
    moments = [sample.FIRST_SNAPSHOT.replace(tzinfo=UTC)]
    effects = drawing.Effects(rank=-0.4, crowding=0.3)
    found = []
    for stream in range(150):
        ecosystem = drawing.draw(1000, moments, 3, replace(effects, stream=stream))
        found.append(ecosystem.counters[0]["likes"])
    exponent = expected_log_likes(ecosystem, effects)
    age = (moments[0].timestamp() - ecosystem.models["released"]) / drawing.DAY
    mean = np.exp(exponent + 0.7**2 / 2) * age / 30
    assert (np.abs(exponent) > 0.2).sum() > 100
    for group in (exponent < -0.5, (exponent < 0) & (exponent >= -0.5), exponent == 0):
        assert np.mean(found, axis=0)[group].sum() == pytest.approx(mean[group].sum(), rel=0.1)


def test_planted_effects_change_the_likes_and_nothing_else():
    moments = [sample.FIRST_SNAPSHOT, sample.FIRST_SNAPSHOT + sample.WEEK]
    plain = drawing.draw(1000, moments, 3)
    planted = drawing.draw(1000, moments, 3, drawing.Effects(rank=-0.4, crowding=0.3))
    for name, values in plain.models.items():
        np.testing.assert_array_equal(values, planted.models[name])
    for before, after in zip(plain.counters, planted.counters, strict=True):
        np.testing.assert_array_equal(before["downloads"], after["downloads"])
        assert (before["likes"] != after["likes"]).any()
    first, second = (seen["likes"] for seen in planted.counters)
    assert (second >= first).all()


def test_weeks_of_a_lively_hub_differ_as_the_real_ones_do():
    """A tenth says something new each week; some of the deleted return; some are made again."""
    moments = [datetime(2025, 1, 6, tzinfo=UTC) + timedelta(days=7 * week) for week in range(8)]
    ecosystem = drawing.draw(20_000, moments, seed=1, lively=True)
    models, counters = ecosystem.models, ecosystem.counters
    there = (models["first_seen"] == 0) & (models["gone"] == len(moments))
    for before, after in itertools.pairwise(counters):
        worked = before["last_modified"] != after["last_modified"]
        assert worked[there].mean() == pytest.approx(0.1, abs=0.01)
        assert not worked[models["first_seen"] == len(moments)].any()
    gone = models["gone"] < len(moments) - 1
    returned = models["back"] < drawing.NEVER
    assert 0.1 < returned[gone].mean() < 0.7
    assert (models["back"] > models["gone"])[returned].all()
    remade = models["remade"] < drawing.NEVER
    assert 0.001 < remade[there].mean() < 0.008
    assert (models["remade_at"] > models["released"])[remade].all()


def test_leaves_are_leaves(large):
    """Quantized copies and adapters hardly ever have derivatives."""
    ecosystem = large[0]
    kind = ecosystem.models["kind"]
    children = np.bincount(ecosystem.edges["parent"], minlength=kind.size)[: kind.size]
    for relation in (drawing.QUANTIZED, drawing.ADAPTER):
        assert (children[kind == relation] == 0).mean() > 0.98
    assert 0.8 < (children[kind == drawing.FINETUNE] == 0).mean() < 0.96


def test_architectures_are_mostly_the_parents(large):
    """Adapters and GGUF files state none; one finetune in sixteen puts another head on."""
    (compared, changed, adapters, heads), = large[1].execute(
        """
        with made as (
            select
                model_id,
                raw_json ->> '$.config.architectures[0]' as architecture,
                raw_json ->> '$.baseModels.relation' as relation,
                raw_json ->> '$.baseModels.models[0].id' as parent_id
            from items
        )
        select
            count(parents.architecture),
            count(*) filter (parents.architecture <> children.architecture),
            count(*) filter (children.relation = 'adapter'),
            count(*) filter (parents.architecture like '%ForSequenceClassification')
        from made as children
        left join made as parents on children.parent_id = parents.model_id
        where children.architecture is not null
        """
    ).fetchall()  # fmt: skip
    assert compared > 1000
    assert 0.02 < changed / compared < 0.15
    assert adapters == 0
    assert heads > 10


def test_merges_take_from_2_to_65_parents_and_from_merges(large):
    ecosystem = large[0]
    child, parent = ecosystem.edges["child"], ecosystem.edges["parent"]
    kind = ecosystem.models["kind"]
    parents = np.bincount(child, minlength=kind.size)
    merges = parents[kind == drawing.MERGE]
    assert merges.max() == drawing.MOST_PARENTS
    assert merges.mean() == pytest.approx(3.15, abs=0.4)
    listed = parent < kind.size
    of_merges = kind[child[listed]][kind[parent[listed]] == drawing.MERGE]
    assert (of_merges == drawing.MERGE).sum() > 100


def test_dates_have_floor_growth_and_ties(large):
    released = large[0].models["released"]
    on_floor = released < drawing.FLOOR + drawing.DAY
    assert on_floor.mean() == pytest.approx(drawing.FLOOR_SHARE, abs=0.001)
    assert set(np.unique(released[on_floor])) == {drawing.FLOOR, drawing.FLOOR + 1}
    assert (np.diff(released[~on_floor]) == 0).mean() > 0.015
    half = np.searchsorted(released, (int(released[0]) + int(released[-1])) // 2)
    assert half < 0.25 * released.size


def test_graph_has_the_dirt_of_the_real_one(large):
    ecosystem = large[0]
    child, parent = ecosystem.edges["child"].astype(int), ecosystem.edges["parent"].astype(int)
    n = ecosystem.n_models
    assert 0.0005 * n < (child == parent).sum() < 0.005 * n
    assert (parent >= n).mean() == pytest.approx(0.03, abs=0.005)
    assert 0.004 < ((parent > child) & (parent < n)).mean() < 0.02
    pairs = set(zip(child.tolist(), parent.tolist(), strict=True))
    assert len(pairs) == child.size
    assert sum((b, a) in pairs for a, b in pairs if a < b) >= 10
    items = large[1]
    (renamed, recased), = items.execute(
        """
        with told as (
            select
                json_extract_string(raw_json, '$.cardData.base_model') as card,
                json_extract_string(raw_json, '$.baseModels.models[0].id') as hub
            from items
            where json_type(raw_json, '$.cardData.base_model') = 'VARCHAR'
        )
        select
            count(*) filter (lower(card) <> lower(hub)),
            count(*) filter (card <> hub and lower(card) = lower(hub))
        from told
        """
    ).fetchall()  # fmt: skip
    assert renamed > 100
    assert recased > 30


def test_cycles_leave_the_large_families_alone(large):
    """Of the weekly set's 127,512 edges 12 are on or below a cycle, none with a large base."""
    ecosystem = large[0]
    child, parent = ecosystem.edges["child"].astype(int), ecosystem.edges["parent"].astype(int)
    size = int(max(child.max(), parent.max())) + 1
    edges = csr_array((np.ones(child.size), (child, parent)), shape=(size, size))
    _, component = connected_components(edges, directed=True, connection="strong")
    is_on_cycle = np.bincount(component)[component] > 1
    assert 0 < is_on_cycle.sum() < 0.002 * size
    assert is_on_cycle[parent].mean() < 0.005


def test_time_passes_between_the_snapshots(committed):
    """Models come and go, counters rise and fall."""
    before, after = (
        {name: json.loads(text) for name, text, valid in rows if valid and name}
        for rows in (
            rows_of(committed, snapshot, "model_id, raw_json, is_json_valid")
            for snapshot in SNAPSHOTS[:2]
        )
    )
    assert len(after.keys() - before.keys()) > 20
    assert len(before.keys() - after.keys()) > 5
    for counter in ("downloads", "downloadsAllTime", "likes"):
        pairs = [
            (before[name].get(counter) or 0, after[name].get(counter) or 0)
            for name in before.keys() & after.keys()
        ]
        assert sum(new > old for old, new in pairs) > 15, counter
        assert sum(new < old for old, new in pairs) >= 2, counter


def test_full_width_adds_fields_that_no_mart_reads(tmp_path):
    moments = [sample.FIRST_SNAPSHOT]
    with duckdb.connect() as connection:
        generator = drawn_items.Generator(connection, drawing.draw(2000, moments, seed=5))
        small, full = (
            connection.execute(
                f"select avg(length(raw_json)), count(*) filter (not json_valid(raw_json)), "
                "count(*) filter (json_exists(raw_json, '$.sha')) "
                f"from ({generator.items(0, full_width=wide)})"
            ).fetchall()[0]
            for wide in (False, True)
        )
    assert (small[1:], full[1:]) == ((0, 0), (0, 2000))
    assert full[0] > 1.4 * small[0]


def test_a_hub_needs_some_models():
    with pytest.raises(ValueError, match="500 to"):
        drawing.draw(100, [sample.FIRST_SNAPSHOT], 1)
    with pytest.raises(ValueError, match="order of time"):
        drawing.draw(1000, [sample.FIRST_SNAPSHOT + sample.WEEK, sample.FIRST_SNAPSHOT], 1)


# the command


def test_command_writes_a_landing(tmp_path, capsys):
    target = tmp_path / "a folder's name"
    command = ["sample", "--landing", str(target), "--models", "600", "--snapshots", "2"]
    assert main([*command, "--seed", "3", "--threads", "1"]) == 0
    assert "drawn: 600 models" in capsys.readouterr().err
    folders = sorted(folder.name for folder in target.glob("hub_models/*"))
    assert folders == [f"snapshot_id={name}" for name in (*SNAPSHOTS[:2], SNAPSHOTS[2])]
    assert main(command) == 1
    assert "already holds" in capsys.readouterr().err
    assert main([*command, "--replace", "--full-width"]) == 0


@pytest.mark.parametrize(
    "option", [("--models", "10"), ("--snapshots", "0"), ("--threads", "0")], ids=lambda o: o[0]
)
def test_command_refuses_what_makes_no_sense(tmp_path, capsys, option):
    assert main(["sample", "--landing", str(tmp_path / "landing"), *option]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "landing").exists()
