"""The made-up models of the fake Hub: each a function of its number, none kept in memory.

Numbers and `_id`s follow the order of creation. Every known difficulty of the real listing occurs:
absent keys beside null ones, numbers above 2^31, fractional scores, text or list in one field, lone
surrogates, and `base_model` in every form that has been seen.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

FLOOR = 1646263744
"""The Hub's back-fill date, 2022-03-02T23:29:04Z."""
END = 1790812800
"""2026-10-01; the youngest model of a fresh fake Hub is a little older."""

OWN = "fake-owner"
"""The owner of the private models."""

_FLOOR_SHARE = 0.013
_MASK = (1 << 64) - 1
_RELATIONS = ("adapter", "finetune", "quantized", "merge")
_TASKS = ("text-generation", "text-classification", "image-classification", "fill-mask")
_STEMS = ("alpha", "bert", "coder", "diffuse", "echo", "llama", "mist", "whisper")
_SIZES = (22_713_728, 109_482_240, 1_543_714_304, 7_241_732_096, 70_553_706_496)
_TEMPLATE = json.dumps("{% for message in messages %}{{ message.content }}{% endfor %}")
_ODD_PARENTS = (
    '"/content/checkpoints/model"', '"models--acme--Alpha"', '"https://huggingface.co/acme/Alpha"',
    '""', "null", "42", "[]", '["acme/Alpha","acme/Alpha"]', '{"name":"acme/Alpha"}',
    '"acme/Alpha@main"', '"acme/Alpha/"', '"../checkpoints/last"', '[null,"acme/Alpha",7]',
    '"bert-base-uncased"', '"None"',
)  # fmt: skip


def _mix(number: int) -> int:
    """Return 64 pseudo-random bits (the finalizer of splitmix64)."""
    number = (number * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


@dataclass
class Models:
    """The models of a fake Hub, and what has changed since it was made.

    Changes are kept separately, as few models ever change: deleted numbers, new names, and an age
    that raises every counter.
    """

    count: int
    seed: int = 0
    private_share: float = 0.002
    dirt_share: float = 0.002
    deleted: set[int] = field(default_factory=set)
    renamed: dict[int, str] = field(default_factory=dict)
    replaced: dict[int, str] = field(default_factory=dict)
    """Items served as this text, whatever fields are requested."""
    age: int = 0

    def __post_init__(self) -> None:
        self._drawn = self.count
        self._start = _mix(self.seed)
        self._values: dict[str, tuple] = {}

    # identity

    def second(self, number: int) -> int:
        """Return when a model was created; models added later have times after END."""
        if number >= self._drawn:
            return END + number - self._drawn
        floor = int(self._drawn * _FLOOR_SHARE)
        if number < floor:
            return FLOOR
        share = (number - floor) / max(self._drawn - floor, 1)
        return FLOOR + 60 + int((END - FLOOR - 120) * share**0.5)

    def oid(self, number: int) -> str:
        """Return the `_id`: seconds, five bytes of the seed, a counter, as ObjectIds are."""
        return f"{self.second(number):08x}{self._start & 0xFFFFFFFFFF:010x}{number:06x}"

    def at_or_after(self, oid: str) -> int:
        """Return the first number whose `_id` is not less than a given one."""
        return bisect_left(range(self.count), oid, key=self.oid)

    def name(self, number: int) -> str:
        """Return the id; for renamed models the new one."""
        if number in self.renamed:
            return self.renamed[number]
        drawn = _mix(self._start ^ number)
        if self.is_private(number):
            return f"{OWN}/secret-{number}"
        stem = _STEMS[drawn & 7]
        if number < self._drawn * _FLOOR_SHARE and drawn % 50 == 0:
            return f"{stem}-{number}"
        owner = int(max(self._drawn, 10) ** ((drawn >> 8 & 0xFFFF) / 0x10000))
        return f"owner-{owner}/{stem.title()}-{number}"

    def number_of(self, name: str) -> int | None:
        """Return the model with a name, which may be the old name of a renamed one; else None."""
        tail = name.rpartition("/")[2].rpartition("-")[2]
        if tail.isascii() and tail.isdigit() and int(tail) < self.count:
            number = int(tail)
            shown = self.renamed.pop(number, None)
            is_same = self.name(number).lower() == name.lower()
            if shown is not None:
                self.renamed[number] = shown
            if is_same:
                return number
        return next((n for n, new in self.renamed.items() if new.lower() == name.lower()), None)

    def is_private(self, number: int) -> bool:
        """Say whether a model is visible to its owner's token only."""
        return _mix(self._start + 7 * number + 1) < self.private_share * (1 << 64)

    def is_served(self, number: int, is_owner: bool) -> bool:
        """Say whether the listing shows a model to a reader."""
        return number not in self.deleted and (is_owner or not self.is_private(number))

    # change

    def create(self, how_many: int = 1) -> range:
        """Add models younger than all others."""
        first = self.count
        self.count += how_many
        self._values.clear()
        return range(first, self.count)

    def ranked(self, sort: str) -> tuple[array, Callable[[int], float]]:
        """Return the numbers in descending order of a counter, and the counter; cached."""
        if sort not in self._values:
            value = {"trendingScore": self._trending, "likes": self._likes}.get(
                sort, self._downloads
            )
            order = array("l", sorted(range(self.count), key=lambda n: (-value(n), self.oid(n))))
            self._values[sort] = (order, value)
        return self._values[sort]

    # items

    def item(self, number: int, expand: tuple[str, ...] | None) -> str:
        """Return an item's JSON, with the fields in `expand`, or the listing's defaults if None."""
        if number in self.replaced:
            return self.replaced[number]
        drawn = _mix(self._start ^ number)
        known = _Drawn(self, number, drawn, self.name(number))
        members = [f'"_id":"{self.oid(number)}"', f'"id":"{known.name}"']
        for name in DEFAULTS if expand is None else expand:
            value = _FIELDS[name](known)
            if value is not None:
                members.append(f'"{name}":{value}')
        return "{" + ",".join(members) + "}"

    def _downloads(self, number: int) -> int:
        drawn = _mix(self._start ^ number)
        return (drawn >> 24 & 0xFFF) ** 2 // (1 + (drawn & 0xFF)) + self.age

    def _likes(self, number: int) -> int:
        return (_mix(self._start ^ number) >> 36 & 0xFF) ** 2 // 100

    def _trending(self, number: int) -> float:
        drawn = _mix(self._start ^ number)
        return (drawn >> 40 & 0x1F) / 2 if drawn % 20 == 0 else 0


class _Drawn:
    """One model while its item is written, with what several fields need."""

    __slots__ = ("drawn", "is_dirty", "models", "name", "number", "parents", "relation")

    def __init__(self, models: Models, number: int, drawn: int, name: str) -> None:
        self.models, self.number, self.drawn, self.name = models, number, drawn, name
        self.is_dirty = _mix(drawn ^ 0xD1) < models.dirt_share * (1 << 64)
        # four models in ten derive from earlier ones, a few of which are chosen very often
        self.relation: str | None = None
        self.parents: list[tuple[int, str]] = []
        if number > 0 and drawn >> 3 & 0x3FF < 410:
            self.relation = _RELATIONS[min((drawn >> 13 & 0xF) // 5, 3)]
            many = 2 + (drawn >> 17 & 1) if self.relation == "merge" else 1
            numbers = {int(number * (_mix(drawn + k) / (1 << 64)) ** 3) for k in range(many)}
            self.parents = [
                (n, models.name(n)) for n in sorted(numbers) if not models.is_private(n)
            ]

    def bits(self, shift: int, width: int) -> int:
        """Return some of the model's random bits."""
        return self.drawn >> shift & ((1 << width) - 1)


def _time(second: int) -> str:
    return f'"{datetime.fromtimestamp(second, UTC).isoformat()[:19]}.000Z"'


def _base_models(model: _Drawn) -> str | None:
    if not model.parents or model.is_dirty:
        return None
    listed = ",".join(
        f'{{"_id":"{model.models.oid(n)}","id":"{name}"}}' for n, name in model.parents
    )
    return f'{{"relation":"{model.relation}","models":[{listed}]}}'


def _card(model: _Drawn) -> str | None:
    if model.bits(20, 2) == 0 and model.relation is None:
        return None
    members = []
    if model.is_dirty:
        members.append(f'"base_model":{_ODD_PARENTS[model.bits(40, 8) % len(_ODD_PARENTS)]}')
    elif model.relation is not None:
        names = [f'"{name}"' for _, name in model.parents]
        is_text = len(names) == 1 and model.bits(22, 1)
        members.append(f'"base_model":{names[0] if is_text else "[" + ",".join(names) + "]"}')
        if model.bits(23, 3) == 0:
            members.append(f'"base_model_relation":"{model.relation}"')
    if model.bits(26, 2):
        members.append('"license":"apache-2.0"')
    if model.bits(28, 2) == 0:
        members.append('"language":["en","fr"]' if model.bits(30, 1) else '"language":"en"')
    if model.is_dirty:
        members.append('"note":"half a pair \\ud800, a zero \\u0000","weight":1e3,"twice":0.50')
    return "{" + ",".join(members) + "}"


def _config(model: _Drawn) -> str | None:
    if model.bits(31, 2) == 0:
        return None
    if model.relation == "adapter" and model.parents:
        name = model.parents[0][1]
        return f'{{"peft":{{"base_model_name_or_path":"{name}","task_type":"CAUSAL_LM"}}}}'
    return (
        '{"architectures":["LlamaForCausalLM"],"model_type":"llama",'
        f'"tokenizer_config":{{"bos_token":"<s>","chat_template":{_TEMPLATE}}}}}'
    )


def _tags(model: _Drawn) -> str:
    tags = ["transformers", _TASKS[model.bits(33, 2)], "region:us"]
    if model.relation is not None and not model.is_dirty:
        for _, name in model.parents:
            tags += [f"base_model:{name}", f"base_model:{model.relation}:{name}"]
    if model.bits(26, 2):
        tags.append("license:apache-2.0")
    return '["' + '","'.join(tags) + '"]'


def _safetensors(model: _Drawn) -> str | None:
    if model.bits(40, 2):
        return None
    size = _SIZES[model.bits(42, 8) % len(_SIZES)]
    return f'{{"parameters":{{"I64":512,"F32":{size - 512}}},"total":{size}}}'


def _gguf(model: _Drawn) -> str | None:
    if model.relation != "quantized":
        return None
    size = _SIZES[model.bits(42, 8) % len(_SIZES)]
    return (
        f'{{"total":{size},"totalFileSize":{size // 2},"architecture":"llama",'
        f'"context_length":32768,"chat_template":{_TEMPLATE}}}'
    )


def _all_time(model: _Drawn) -> str:
    downloads = model.models._downloads(model.number) * 7 + model.models.age
    return str(3_400_446_695 + downloads if model.number % 10_007 == 3 else downloads)


def _trending_score(model: _Drawn) -> str:
    score = model.models._trending(model.number)
    return repr(score) if score % 1 else str(int(score))


def _evaluations(model: _Drawn) -> str | None:
    if model.bits(50, 6):
        return None
    good = (
        '{"filename":".eval_results/a.yaml","verified":false,"data":{"dataset":{"id":"o/bench",'
        '"task_id":"t"},"value":50.1,"date":"2026-03-05T13:56:33.000Z"}}'
    )
    return f'[{good},{{"filename":".eval_results/bad.yaml","error":"no number"}}]'


def _gated(model: _Drawn) -> str:
    return ("false", '"auto"', '"manual"')[max(model.bits(46, 6) - 61, 0)]


def _sha(model: _Drawn) -> str:
    return f'"{model.drawn:016x}{_mix(model.drawn):016x}{model.number & 0xFFFFFFFF:08x}"'


_FIELDS: dict[str, Callable[[_Drawn], str | None]] = {
    "author": lambda m: f'"{m.name.partition("/")[0]}"' if "/" in m.name else None,
    "baseModels": _base_models,
    "cardData": _card,
    "config": _config,
    "createdAt": lambda m: _time(m.models.second(m.number)),
    "disabled": lambda m: "false",
    "downloads": lambda m: str(m.models._downloads(m.number)),
    "downloadsAllTime": _all_time,
    "evalResults": _evaluations,
    "gated": _gated,
    "gguf": _gguf,
    "gitalyUid": lambda m: f'"{m.drawn:016x}"',
    "inference": lambda m: None,
    "inferenceProviderMapping": lambda m: "[]",
    "lastModified": lambda m: _time(m.models.second(m.number) + m.bits(40, 20)),
    "library_name": lambda m: '"transformers"' if m.bits(34, 1) else None,
    "likes": lambda m: str(m.models._likes(m.number)),
    "mask_token": lambda m: '"[MASK]"' if m.bits(35, 5) == 0 else None,
    "model-index": lambda m: "null",
    "modelId": lambda m: f'"{m.name}"',
    "pipeline_tag": lambda m: f'"{_TASKS[m.bits(33, 2)]}"' if m.bits(36, 2) == 0 else None,
    "private": lambda m: "true" if m.models.is_private(m.number) else "false",
    "resourceGroup": lambda m: None,
    "safetensors": _safetensors,
    "sha": _sha,
    "siblings": lambda m: '[{"rfilename":"README.md"},{"rfilename":"model.safetensors"}]',
    "spaces": lambda m: None,
    "tags": _tags,
    "transformersInfo": lambda m: (
        '{"auto_model":"AutoModelForCausalLM","pipeline_tag":"text-generation"}'
        if m.bits(34, 1)
        else None
    ),
    "trendingScore": _trending_score,
    "widgetData": lambda m: '[{"text":"Hello"}]' if m.bits(52, 4) == 0 else None,
    "xetEnabled": lambda m: "true" if m.bits(53, 2) else "false",
}
DEFAULTS = (
    "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name",
    "createdAt", "modelId",
)  # fmt: skip
"""The fields of the listing without `expand`."""

EXPANDABLE = tuple(name for name in _FIELDS if name != "modelId")
"""The fields that `expand` accepts."""
