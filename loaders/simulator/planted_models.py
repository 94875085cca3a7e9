"""The planted repositories of the sample: families with known answers, and all known kinds of dirt.

The known answers are kept with the tests (`tests/loaders/simulator/expected`). Names are made up,
except three legacy names whose short forms are part of the dirt; all numbers are made up.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from loaders.simulator import drawing

ABSENT = object()
"""Marks a key that the item does not have, in contrast to one that is null."""


@dataclass
class Entry:
    """A planted repository, as one snapshot lists it.

    `declared` is the card's `base_model`, `relation` the Hub's relation, `said` the card's own
    `base_model_relation`. The Hub's tags follow from these unless `tagged` gives them; `hub` gives
    `baseModels` where it differs from the tags. `adapter` is the parent in the adapter's
    configuration. Values in `fields` replace those made from the rest; `ABSENT` removes a key.
    """

    model_id: str
    created: str
    declared: object = ABSENT
    relation: str | None = None
    said: str | None = None
    tagged: Sequence[str] | None = None
    hub: Sequence[str] | None = None
    adapter: str | None = None
    extra_tags: Sequence[object] = ()
    card: object = field(default_factory=dict)
    oid_name: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def oid(self) -> str:
        """The Hub's `_id`: the time of creation, a machine, a counter."""
        return hub_oid(self.created, self.oid_name or self.model_id)


def hub_oid(created: str, name: str) -> str:
    """The ObjectId of a repository created at `created` and first called `name`."""
    moment = datetime.fromisoformat(created)
    counter = zlib.crc32(name.encode()) & 0xFFFFFF
    return f"{drawing.seconds(moment):08x}5eed5eed00{counter:06x}"


def hub_time(created: str) -> str:
    """A time as the Hub writes it."""
    return created.replace(" ", "T") + ".000Z"


# the Hub's way from cards to tags


def hub_parents(declared: object, relation: str | None, names: Mapping[str, str]) -> list[str]:
    """The parents in the Hub's tags: known ones under their present names.

    Of several parents it keeps the first in byte order, unless the relation is `merge`.
    """
    texts = [declared] if isinstance(declared, str) else declared
    if not isinstance(texts, list):
        return []
    found = {names[text] for text in texts if isinstance(text, str) and text in names}
    in_order = sorted(found, key=str.encode)
    return in_order if relation == "merge" else in_order[:1]


def item_of(entry: Entry, snapshot: int, names: Mapping[str, str], oids: Mapping[str, str]) -> dict:
    """The item that the API would give for an entry."""
    # counters stay with the repository when it is renamed
    number = zlib.crc32((entry.oid_name or entry.model_id).encode())
    hub, tagged = entry.hub, entry.tagged
    if tagged is None:
        tagged = hub_parents(entry.declared, entry.relation, names)
    if hub is None:
        hub = tagged
    item: dict = {"_id": entry.oid, "id": entry.model_id}
    item["author"] = entry.model_id.split("/")[0]
    if hub:
        item["baseModels"] = {
            "relation": entry.relation,
            "models": [{"_id": oids[name], "id": name} for name in hub],
        }
    card = entry.card
    if isinstance(card, Mapping):
        card = dict(card)
        if entry.declared is not ABSENT:
            card = {"base_model": entry.declared} | card
        if entry.said is not None:
            card["base_model_relation"] = entry.said
    if card != {}:
        item["cardData"] = card
    if entry.adapter is not None:
        item["config"] = {"peft": {"base_model_name_or_path": entry.adapter}}
    item["createdAt"] = item["lastModified"] = hub_time(entry.created)
    item |= {"disabled": False, "gated": False, "private": False}
    item["downloads"] = number % 60 + 2 * snapshot
    item["downloadsAllTime"] = 10 * (number % 60) + 5 * snapshot
    item |= {"likes": number % 4, "trendingScore": 0}
    tags: list = list(entry.extra_tags)
    tags += [f"base_model:{name}" for name in tagged]
    if entry.relation is not None:
        tags += [f"base_model:{entry.relation}:{name}" for name in tagged]
    item["tags"] = [*tags, "region:us"]
    for key, value in entry.fields.items():
        if value is ABSENT:
            item.pop(key, None)
        else:
            item[key] = value
    return item


# families with known ranks, crowding and disruption


def worked_example() -> Iterator[Entry]:
    """Twelve models, 16 claims: a self reference, a repeated pair, a 2-cycle, exact windows."""

    def model(name, created, *parents, relation="finetune", **options):
        declared = [f"worked-example/{parent}" for parent in parents]
        declared = declared[0] if len(declared) == 1 else declared or ABSENT
        relation = relation if parents else None
        return Entry(f"worked-example/{name}", created, declared, relation, **options)

    yield model("R", "2024-06-15 00:00:00")
    yield model("Q", "2024-12-12 00:00:00")
    yield model("H", "2024-12-27 00:00:00", "F")
    yield model("F", "2025-01-01 00:00:00", "R", "F")
    yield model("G", "2025-01-01 00:00:00", "F")
    yield model(
        "A",
        "2025-01-11 00:00:00",
        "F",
        said="finetune",
        extra_tags=["base_model:quantized:worked-example/F"],
    )
    yield model("B", "2025-01-21 00:00:00", "F", "R", relation="merge")
    yield model("C", "2025-01-31 00:00:00", "R", relation="adapter")
    yield model("X", "2025-02-10 00:00:00", "K", "R")
    yield model("K", "2025-03-02 00:00:00", "R", "Q", "X", relation="merge")
    yield model("D", "2025-04-01 00:00:00", "F", relation="adapter")
    yield model("E", "2025-04-01 00:00:01", "F", relation="quantized")


def golden_graph() -> Iterator[Entry]:
    """The published test case of the cdindex package, its years shortened to 30 days each."""
    days = {"0Z": 0, "1Z": 0, "2Z": 30, "3Z": 30, "4Z": 90, "5Z": 150, "10Z": 150}
    days |= {"6Z": 180, "9Z": 180, "7Z": 210, "8Z": 210}
    parents = {"4Z": ["2Z", "0Z", "1Z", "3Z"], "5Z": ["2Z"], "6Z": ["2Z", "4Z"], "7Z": ["4Z"]}
    parents |= {"8Z": ["4Z"], "9Z": ["4Z", "1Z", "3Z"], "10Z": ["4Z"]}
    for name, day in days.items():
        created = str(datetime(2024, 1, 1) + timedelta(days=day))
        declared = [f"golden/{parent}" for parent in parents.get(name, ())]
        relation = {0: None, 1: "finetune"}.get(len(declared), "merge")
        yield Entry(f"golden/{name}", created, declared or ABSENT, relation)


def races() -> Iterator[Entry]:
    """Races with ties, exact window ends, entrants without a usable date, and a bulk owner."""
    yield Entry("race/base", "2026-01-05 00:00:00")
    for name, created, relation in (
        ("race-a/one", "2026-01-05 01:00:00", "finetune"),
        ("race-b/two", "2026-01-07 00:00:00", "finetune"),
        ("race-c/three", "2026-01-07 00:00:00", "adapter"),
        ("race-a/four", "2026-01-14 00:00:00", "finetune"),
        ("race-d/five", "2026-01-14 00:00:01", "quantized"),
        ("race-e/six", "2026-02-06 00:00:00", "finetune"),
        ("race-f/seven", "2026-04-07 00:00:00", "adapter"),
        ("race-g/early", "2026-01-01 00:00:00", "finetune"),
    ):
        yield Entry(name, created, "race/base", relation)

    yield Entry("race/mixed-base", "2025-03-01 00:00:00")
    yield Entry("race-a/on-floor", "2022-03-02 23:29:04", "race/mixed-base", "finetune")
    undated = {"createdAt": ABSENT}
    yield Entry(
        "race-b/undated", "2025-03-04 00:00:00", "race/mixed-base", "finetune", fields=undated
    )
    yield Entry("race-c/first-dated", "2025-03-02 00:00:00", "race/mixed-base", "finetune")
    yield Entry("race-d/second-dated", "2025-03-05 00:00:00", "race/mixed-base", "finetune")

    yield Entry("race/floor-base", "2022-03-02 23:29:05")
    yield Entry("race-a/of-floor-one", "2025-03-02 00:00:00", "race/floor-base", "finetune")
    yield Entry("race-b/of-floor-two", "2025-03-05 00:00:00", "race/floor-base", "adapter")

    yield Entry("race/bulk-base", "2026-05-01 00:00:00")
    yield Entry("race-a/before-bulk", "2026-05-01 12:00:00", "race/bulk-base", "finetune")
    yield Entry("race-b/after-bulk", "2026-05-03 00:00:00", "race/bulk-base", "finetune")
    for number in range(104):
        created = str(datetime(2026, 5, 2) + number * timedelta(minutes=10))
        yield Entry(f"bulk-quants/bulk-base-q{number:03d}", created, "race/bulk-base", "quantized")


def windows() -> Iterator[Entry]:
    """Focals whose 30-day window ends with the third snapshot, or a second later."""
    yield Entry("window/base", "2026-07-01 00:00:00")
    yield Entry("window/exactly-closed", "2026-08-04 04:00:00", "window/base", "finetune")
    yield Entry("window/one-second-open", "2026-08-04 04:00:01", "window/base", "finetune")
    yield Entry("window/later", "2026-08-14 00:00:00", "window/base", "adapter")


def kin() -> Iterator[Entry]:
    """Merges that share parents, merges of merges, and models built on them."""
    yield Entry("kin/p1", "2025-05-01 00:00:00")
    yield Entry("kin/p2", "2025-05-02 00:00:00")
    yield Entry("kin/p3", "2025-05-03 00:00:00")
    yield Entry("kin/m1", "2025-06-01 00:00:00", ["kin/p1", "kin/p2"], "merge")
    yield Entry("kin/m2", "2025-06-11 00:00:00", ["kin/p2", "kin/p1"], "merge")
    yield Entry("kin/m3", "2025-06-21 00:00:00", ["kin/p3", "kin/p1", "kin/p2"], "merge")
    yield Entry("kin/mm", "2025-07-01 00:00:00", ["kin/m1", "kin/m2"], "merge")
    yield Entry("kin/tight", "2025-07-11 00:00:00", ["kin/m1", "kin/p1", "kin/p2"], "merge")
    yield Entry("kin/ft", "2025-07-21 00:00:00", "kin/m3", "finetune")
    yield Entry("kin/leaf", "2025-07-31 00:00:00", "kin/ft", "quantized")


def chain() -> Iterator[Entry]:
    """A chain of forty models, as long as the longest published one."""
    for link in range(40):
        created = str(datetime(2025, 8, 1) + timedelta(days=link))
        declared = f"chain/link-{link - 1:02d}" if link else ABSENT
        yield Entry(f"chain/link-{link:02d}", created, declared, "finetune" if link else None)


def cycles() -> Iterator[Entry]:
    """A 2-cycle and a 3-cycle that no root feeds."""
    for day, (name, parent) in enumerate(map(tuple, ("ab", "ba", "cd", "de", "ec")), start=1):
        yield Entry(f"cycle/{name}", f"2025-10-0{day} 00:00:00", f"cycle/{parent}", "finetune")


# dirt


ALPHA, BETA, ZED = "acme-labs/Alpha-7B", "acme-labs/Beta-3B", "Zed/Base-1B"

RENAMES = {
    "bert-base-uncased": "google-bert/bert-base-uncased",
    "gpt2": "openai-community/gpt2",
    "acme-labs/Old-Alpha-9B": "acme-labs/Alpha-9B",
    "first-home/Gamma-4B": "second-home/Gamma-4B",
}
"""Names that the Hub redirects."""

LINK = "https://huggingface.co/acme-labs/Alpha-7B"

DIRTY_TEXTS = {
    # not ids of the Hub
    "local-path": "/root/autodl-tmp/Alpha-4B-Thinking",
    "local-path-cache": "/cache/models/acme-labs--Alpha-7B",
    "windows-path": "C:\\Models\\Alpha-5B-Instruct",
    "checkpoint-path": "outputs/smolvla_libero90_100k/checkpoints/last/pretrained_model",
    "dot-path": "./output",
    "parent-path": "../alpha-base",
    "home-path": "~/models",
    "placeholder-none": "None",
    "placeholder-none-lower": "none",
    "placeholder-undefined": "undefined",
    "placeholder-todo": "TODO-add-base-model-repo-link",
    "placeholder-original": "ORIGINAL_REPO_NAME",
    "placeholder-unknown": "unknown",
    "placeholder-na": "N/A",
    "placeholder-removed": "Removed",
    "word-llama": "llama",
    "word-minimax": "minimax",
    "word-yolo": "YOLO11n",
    "word-scratch": "gpt2-scratch",
    "word-algorithm": "Algorithm",
    "short-name-unknown": "t5-small",
    "non-ascii": "acme-labs/Alpha-7BΩ",
    "merge-suffix-self": "dirt/merge-suffix-self (Merge)",
    # ids inside links, lists and other text
    "cache-path": "/home/me/.cache/huggingface/hub/models--acme-labs--Alpha-7B/snapshots/0a1b2c",
    "trailing-slash": "acme-labs/Alpha-7B/",
    "url": LINK,
    "blob-url": LINK + "/blob/main/alpha-76%25_trained.pth",
    "tree-url": "https://hf.co/acme-labs/Alpha-7B/tree/main?library=true",
    "resolve-url": LINK + "/resolve/main/model.safetensors?download=true",
    "misspelt-url": "hhttps://huggingface.co/acme-labs/Alpha-7B",
    "yaml-bullet": "- acme-labs/Alpha-7B",
    "blanks": "  acme-labs/Alpha-7B ",
    "quotes": '"acme-labs/Alpha-7B"',
    "backticks": "`acme-labs/Alpha-7B`",
    "angle-brackets": "<acme-labs/Alpha-7B>",
    "markup": "acme-labs/Alpha-7B<br>",
    "trailing-comma": "acme-labs/Alpha-7B,",
    "merge-suffix": "acme-labs/Alpha-7B (Merge)",
    "list-literal": '["acme-labs/Alpha-7B", "acme-labs/Beta-3B"]',
    "python-list-literal": "['acme-labs/Alpha-7B']",
    "empty-list-literal": "[]",
    "comma-blank-list": "acme-labs/Alpha-7B, acme-labs/Beta-3B",
    "comma-list": "acme-labs/Alpha-7B,acme-labs/Beta-3B",
    # names that only other rows can resolve, or none
    "short-name-untagged": "bert-base-uncased",
    "ambiguous-three": "phi-mini",
    "wrong-case": "acme-labs/alpha-7b",
    "typing-error": "acme-labs/Alpha-7Bd",
    "renamed-untagged": "acme-labs/Old-Alpha-9B",
    "moved-owner-untagged": "first-home/Gamma-4B",
    "declared-untagged": "ghost-owner/lost-model-bnb-4bit",
}
"""What cards say that the Hub could not turn into a tag."""


def dirt() -> Iterator[Entry]:
    """Every kind of dirt, each in a model named after it, one per day."""
    bases = ("2025-05-01", (ALPHA, BETA, ZED, "acme-labs/Alpha-9B", "second-home/Gamma-4B"))
    for number, name in enumerate(bases[1]):
        yield Entry(name, f"{bases[0]} 00:00:0{number}")
    yield Entry(
        "google-bert/bert-base-uncased",
        "2022-03-02 23:29:04",
        fields={"downloads": 61_243_118, "downloadsAllTime": 3_400_446_695, "likes": 2617},
    )
    yield Entry("openai-community/gpt2", "2022-03-02 23:29:05")

    def model(kind, declared=ABSENT, relation=None, **options):
        nonlocal day
        day += timedelta(days=1)
        return Entry(f"dirt/{kind}", str(day), declared, relation, **options)

    day = datetime(2025, 6, 1)
    for kind, text in DIRTY_TEXTS.items():
        yield model(kind, text, tagged=())

    # the Hub knows better than the card
    yield model("short-name-tagged", "bert-base-uncased", "finetune")
    yield model("short-name-gpt2-tagged", "gpt2", "finetune")
    yield model("ambiguous-one", "phi-mini", "finetune", tagged=[ALPHA])
    yield model("ambiguous-two", "phi-mini", "finetune", tagged=[BETA])
    yield model("wrong-case-tagged", "ACME-Labs/ALPHA-7B", "finetune", tagged=[ALPHA])
    yield model("renamed-tagged", "acme-labs/Old-Alpha-9B", "finetune")
    yield model("renamed-in-merge", ["acme-labs/Old-Alpha-9B", BETA], "merge")
    yield model("moved-owner-tagged", "first-home/Gamma-4B", "adapter")

    # the card knows more than the Hub
    yield model("list-one-tag", [ALPHA, ZED], "finetune")
    yield model("list-one-tag-unlisted", ["old-attic/Lost-1B", ALPHA], "finetune")
    yield model("merge-sorted", [ZED, BETA, ALPHA], "merge")

    # one kind of evidence without another
    yield model("adapter-config-only", relation="adapter", tagged=[ALPHA], adapter=ALPHA)
    yield model("adapter-config-untagged", adapter=BETA)
    yield model("adapter-config-path", adapter="/content/base-model")
    yield model(
        "typed-tag-only",
        ALPHA,
        tagged=(),
        extra_tags=[f"base_model:adapter:{ALPHA}"],
    )
    yield model("plain-tag-only", tagged=(), extra_tags=[f"base_model:{ALPHA}"])
    yield model("adapter-extra-parent", ALPHA, "adapter", tagged=[ALPHA, BETA], adapter=BETA)
    yield model(
        "parent-twice",
        "openai-community/gpt2",
        "adapter",
        tagged=["gpt2", "openai-community/gpt2"],
        hub=["openai-community/gpt2"],
        adapter="gpt2",
    )

    # a model's own name
    yield model("self-reference", "dirt/self-reference", "finetune")
    yield model("Self-Case", "dirt/self-case", tagged=())

    # base_model of other types
    yield model("number", 42)
    yield model("boolean", True)
    yield model("dict", {"finetune": ALPHA})
    yield model("null", None)
    yield model("empty-text", "")
    yield model("empty-list", [])
    yield model("mixed-list", [None, 7, ALPHA], tagged=())

    # relations
    yield model("relation-capital", ALPHA, "quantized", said="Quantized")
    yield model("relation-hyphen", ALPHA, "finetune", said="fine-tune")
    yield model("relation-lora", ALPHA, "adapter", said="lora")
    yield model("relation-gguf", ALPHA, "quantized", said="gguf")
    yield model("relation-nonsense", ALPHA, "finetune", said="distilled")
    yield model("relation-conflict", ALPHA, "quantized", said="finetune")
    yield model("relation-inferred", ALPHA, tagged=(), fields={"library_name": "peft"})
    yield model(
        "two-relations",
        ALPHA,
        "adapter",
        said="adapter",
        extra_tags=[f"base_model:finetune:{ALPHA}"],
    )

    # cards and tags of other shapes
    yield model("card-text", card="just a text")
    yield model("card-list", card=["base_model", ALPHA])
    yield model("card-number", card=5)
    yield model("tags-null", ALPHA, "finetune", fields={"tags": None})
    yield model("tags-absent", ALPHA, "finetune", fields={"tags": ABSENT})
    yield model(
        "tags-mixed",
        fields={"tags": [1, None, {"a": 1}, f"base_model:finetune:{ALPHA}", "region:us"]},
    )

    # other fields
    yield model("no-created-at", fields={"createdAt": ABSENT})
    yield model("modified-before-created", fields={"lastModified": "2025-06-01T00:00:00.000Z"})
    yield model("trending-half", fields={"trendingScore": 0.5})
    yield model("gated-auto", fields={"gated": "auto"})
    yield model("gated-manual", fields={"gated": "manual"})
    yield model("gated-true", fields={"gated": True})
    yield model("license-text", card={"license": "apache-2.0"})
    yield model("license-list", card={"license": ["mit", "apache-2.0"]})
    yield model("license-absent", card={"language": "en"})
    yield model("counters-absent", fields={"downloads": ABSENT, "downloadsAllTime": ABSENT})
    yield model("counters-null", fields={"downloads": None, "likes": None})
    yield model("private-true", fields={"private": True})
    yield model("nul-escape", card={"license_name": "before\0after"})
    yield model("emoji", card={"license_name": "open 🦙"}, extra_tags=["🦙"])
    yield model("Case-Twin")
    yield model("case-twin", oid_name="the other twin")


def sizes() -> Iterator[Entry]:
    """Every source of a model's size, and ways to get it wrong."""
    created = "2025-11-01 00:00:00"

    def model(name, declared=ABSENT, relation=None, **fields):
        return Entry(f"size/{name}", created, declared, relation, fields=fields)

    yield model("Base-8B", safetensors={"parameters": {"BF16": 8030261248}, "total": 8030261248})
    # four bits packed into integers: the count of elements is not the count of parameters
    yield model(
        "Packed-8B-AWQ",
        "size/Base-8B",
        "quantized",
        safetensors={"parameters": {"I32": 872415232, "F16": 1050939392}, "total": 1923354624},
        config={"quantization_config": {"bits": 4, "quant_method": "awq"}},
        library_name="transformers",
    )
    yield model("Plain-GGUF", gguf={"total": 999885952, "architecture": "gemma3"})
    yield model("Mixture-8x7B-v0.1")
    yield model("Small-0.5B")
    yield model("Active-30B-A3B")
    yield model("Tiny-135M")
    yield model("Trap-4bit-Q4_K_M")
    yield model("Broken-total", safetensors={"total": "many"})


def history(snapshot: int) -> Iterator[Entry]:
    """What changes from one snapshot to the next."""
    terms = "apache-2.0" if snapshot < 2 else "cc-by-nc-4.0"
    yield Entry("history/base", "2025-03-01 00:00:00", card={"license": terms})
    yield Entry("history/other-base", "2025-03-02 00:00:00")
    if snapshot >= 1:
        yield Entry("history/added-second", "2026-08-22 10:00:00", "history/base", "adapter")
    if snapshot >= 2:
        yield Entry("history/added-third", "2026-08-30 10:00:00", "history/base", "finetune")
    if snapshot < 1:
        yield Entry("history/removed-second", "2025-03-03 00:00:00", "history/base", "finetune")
    if snapshot < 2:
        yield Entry("history/removed-third", "2025-03-04 00:00:00", "history/base", "adapter")

    yield Entry(
        "history/new-name" if snapshot else "history/old-name",
        "2025-03-05 00:00:00",
        oid_name="history/old-name",
    )
    # the card keeps the old name, while the Hub's tags follow the rename
    yield Entry("history/child-of-renamed", "2025-03-06 00:00:00", "history/old-name", "finetune")
    if snapshot >= 2:
        yield Entry(
            "history/late-child-of-renamed", "2026-08-29 00:00:00", "history/old-name", tagged=()
        )
    yield Entry(
        "history-labs/moved" if snapshot >= 2 else "history/moved",
        "2025-03-07 00:00:00",
        oid_name="history/moved",
    )
    if snapshot < 2:
        yield Entry("history/recreated", "2025-04-01 00:00:00")
    else:
        yield Entry("history/recreated", "2026-09-01 12:00:00", fields={"downloads": 3, "likes": 0})
    declared = (ABSENT, "history/base", "history/other-base")[min(snapshot, 2)]
    relation = "finetune" if snapshot else None
    yield Entry("history/lineage-changed", "2025-04-02 00:00:00", declared, relation)

    def counted(name, downloads, all_time, likes):
        at = min(snapshot, 2)
        fields = {"downloads": downloads[at], "downloadsAllTime": all_time[at], "likes": likes[at]}
        return Entry(f"history/{name}", "2025-04-03 00:00:00", fields=fields)

    yield counted("counters-rise", (100, 110, 130), (1000, 1100, 1250), (5, 6, 8))
    yield counted("downloads-fall", (500, 300, 200), (9000, 9100, 9150), (3, 3, 3))
    yield counted("all-time-falls", (50, 60, 70), (5000, 4000, 4100), (2, 2, 3))
    yield counted("likes-fall", (10, 10, 10), (400, 400, 400), (10, 9, 9))


def planted(snapshot: int) -> list[tuple]:
    """The planted rows of a snapshot, as `drawn_items.Generator.items` takes them."""
    entries = [
        *worked_example(),
        *golden_graph(),
        *races(),
        *windows(),
        *kin(),
        *chain(),
        *cycles(),
        *dirt(),
        *sizes(),
        *history(snapshot),
    ]
    oids = {entry.model_id: entry.oid for entry in entries}
    names = {name: name for name in oids} | RENAMES
    if snapshot:
        names["history/old-name"] = "history/new-name"
    rows = []
    for entry in entries:
        item = item_of(entry, snapshot, names, oids)
        rows.append((entry.oid, entry.model_id, json_text(item), entry.oid, 0))
    return rows + broken_rows()


def json_text(item: Mapping) -> str:
    """An item as the API writes it."""
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def broken_rows() -> list[tuple]:
    """Items that no program would write, and one that the listing returned twice."""
    rows = []

    def add(name, text, *, is_readable=True, sort_key=None, sort_number=0):
        oid = hub_oid("2025-12-01 00:00:00", name)
        known = (oid, name) if is_readable else (None, None)
        text = text.replace("OID", oid)
        rows.append((*known, text, sort_key or oid, sort_number))

    rest = '"createdAt":"2025-12-01T00:00:00.000Z","private":false,"downloads":1,"tags":[]'
    add(
        "dirt/lone-surrogate",
        '{"_id":"OID","id":"dirt/lone-surrogate",'
        '"cardData":{"license_name":"half an emoji \\ud83e"},' + rest + "}",
    )
    add(
        "dirt/broken-json",
        '{"_id":"OID","id":"dirt/broken-json","tags":["region:us"',
        is_readable=False,
    )
    add("dirt/without-id", '{"_id":"OID",' + rest + "}")
    rows[-1] = (rows[-1][0], None, *rows[-1][2:])
    # the listing changed between two pages: the second reading has one more download
    twice = '{"_id":"OID","id":"dirt/twice",' + rest + "}"
    add("dirt/twice", twice)
    later = twice.replace('"downloads":1', '"downloads":2')
    add("dirt/twice", later, sort_key="62" + "0" * 22)
    return rows


def unfinished() -> list[dict]:
    """The first items of a stopped crawl; reading them would change the known answers."""
    oids = {entry.model_id: entry.oid for entry in worked_example()}
    names = {name: name for name in oids}
    entries = [
        Entry("unfinished/never-read", "2026-09-09 00:00:00"),
        Entry("unfinished/of-F", "2025-02-01 00:00:00", "worked-example/F", "finetune"),
        Entry("worked-example/A", "2025-01-11 00:00:00", fields={"downloads": 10**9}),
    ]
    return [item_of(entry, 3, names, oids) for entry in entries]
