"""Rewrites the fields of an item that a build reads as the API writes them.

Whatever the files' format, an item is JSON by now. A value in another notation is rewritten if it
can be read in only one way, and the rest of the item is kept byte for byte; values that cannot be
read with certainty are kept too, and reported.
"""

import contextlib
import json
import operator
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

from hub_lineage.sql import literal, sound_json
from loaders.imports.fields import FIELDS_IN_USE, NO_VALUE
from loaders.imports.reading import (
    as_json,
    boolean_of,
    count_of,
    list_of,
    object_of,
    oid_of,
    time_of,
)
from loaders.landing.slicing import members

__all__ = ["Check", "Unread", "checks", "mended", "prepare", "shown", "unread"]

_FIELDS = tuple(FIELDS_IN_USE)
_LONGEST_EXAMPLE = 60
_ISO_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?", re.ASCII
)
"""A time as a build reads it; Python also accepts commas, blanks before the zone and no colons."""
_MOST = 10**15
"""The largest count that a build accepts."""
_NUMBERS_OF_MONGO = frozenset({"$numberDouble", "$numberInt", "$numberLong"})
_NAMES = ("value", "id", "code", "key", "spdx_id", "name", "label")
"""Members that hold the word an object stands for, best first: a licence in GitHub's API has a key,
an SPDX identifier and a name."""


class _UnreadError(ValueError):
    """A value that cannot be read with certainty."""


@dataclass(frozen=True)
class _Kind:
    """What a field holds, in words, the pattern of its JSON in the API, and a reader for the rest.

    `condition` is a further check in SQL. With `takes_any_word`, `nan` and `none` are values; in
    other kinds they are missing values. With `is_used_unread`, an unreadable value is still used.
    """

    words: str
    pattern: str
    reader: Callable[[Any], Any]
    condition: str | None = None
    takes_any_word: bool = False
    is_used_unread: bool = False

    def as_written(self, value: str) -> str:
        """Return the SQL of whether some JSON is as the API writes it; true for null."""
        matched = f"regexp_full_match({value}, {literal(f'(?s){self.pattern}')})"
        condition = f" AND {self.condition.format(value=value)}" if self.condition else ""
        return f"coalesce({value} = 'null' OR ({matched}{condition}), true)"

    def is_as_written(self, text: str) -> bool:
        """Say whether some JSON is certainly as the API writes it."""
        return self.condition is None and bool(re.fullmatch(self.pattern, text, re.DOTALL))


@dataclass(frozen=True)
class Check:
    """How to find out whether a field that a build reads can be read.

    `unread` is the SQL of its text if it cannot be read (else null), `is_given` that of whether
    there is a value; `words` say what it should be.
    """

    field: str
    words: str
    unread: str
    is_given: str
    is_used_unread: bool


@dataclass(frozen=True)
class Unread:
    """How many values of a field there are, and how many cannot be read, with one of them."""

    field: str
    words: str
    given: int
    unread: int
    example: str | None

    @property
    def is_all(self) -> bool:
        """Whether no value of the field can be read."""
        return self.unread == self.given > 0

    def __str__(self) -> str:
        how_many = "none" if self.is_all else f"{self.unread:,}"
        return (
            f"{how_many} of {self.given:,} value{'s' if self.given > 1 else ''} of {self.field} "
            f"{'can' if self.is_all else 'cannot'} be read as {self.words}, "
            f"for example {shown(self.example or '')}"
        )


@dataclass
class _Node:
    """A place in an item: the field in use there, if any, and the places within."""

    name: str | None = None
    within: dict[str, "_Node"] = field(default_factory=dict)


def shown(text: str) -> str:
    """Return a text from a file on one line, cut short."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXAMPLE else f"{line[:_LONGEST_EXAMPLE]}..."


def mended(item: str) -> str:
    """Return an item with its fields in use as the API writes them, as far as they are readable."""
    return _read(item, _TREE, {})


def unread(item: str) -> list[str | None]:
    """Return for each field in use, in order, its text if it cannot be read, else None."""
    texts: dict[str, str] = {}
    _read(item, _TREE, texts)
    return [texts.get(name) for name in _FIELDS]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the macro `as_the_api_writes` to a connection, and those that the checks need.

    Most items need no rewriting: `values_in_use` extracts all fields from an item's JSON at once,
    and `are_as_written` says whether each is as the API writes it.
    """
    connection.create_function("mended", mended, ["VARCHAR"], "VARCHAR")
    connection.create_function("unread", unread, ["VARCHAR"], "VARCHAR[]")
    pointers = ", ".join(literal("/" + name.replace(".", "/")) for name in _FIELDS)
    as_written = (
        _KINDS[kind].as_written(f"given[{number}]")
        for number, kind in enumerate(FIELDS_IN_USE.values(), start=1)
    )
    for macro in (
        "values_in_use(item) AS "
        f"CAST(json_extract({sound_json('item')}, [{pointers}]) AS VARCHAR[])",
        f"are_as_written(given) AS {' AND '.join(as_written)}",
        "as_the_api_writes(item) AS "
        "CASE WHEN are_as_written(values_in_use(item)) THEN item ELSE mended(item) END",
        "unread_in(item, given) AS CASE WHEN NOT are_as_written(given) THEN unread(item) END",
    ):
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")


def checks(keys: Collection[str], given: str, unread: str) -> Iterator[Check]:
    """Yield the checks of the fields in use below these keys of an item.

    `given` is the SQL of the result of `values_in_use`, `unread` that of `unread_in`.
    """
    for number, (name, kind) in enumerate(FIELDS_IN_USE.items(), start=1):
        if name.split(".")[0] in keys:
            nothing = ["null", *map(json.dumps, _words_for_nothing(_KINDS[kind]))]
            yield Check(
                field=name,
                words=_KINDS[kind].words,
                unread=f"{unread}[{number}]",
                is_given=f"lower({given}[{number}]) NOT IN ({', '.join(map(literal, nothing))})",
                is_used_unread=_KINDS[kind].is_used_unread,
            )


def _read(text: str, node: _Node, unread: dict[str, str]) -> str:
    """Return a value's JSON as the API writes it; add what cannot be read to `unread`."""
    kind = _KINDS[FIELDS_IN_USE[node.name]] if node.name else None
    if kind and node.name and not kind.is_as_written(text):
        try:
            value = json.loads(text)
            read = None if _is_nothing(value, kind) else kind.reader(value)
            text = text if read is None or read is value else as_json(read)
        except (ValueError, RecursionError):
            unread[node.name] = json.loads(text) if text.startswith('"') else text
            return text
    if not node.within or not text.startswith("{"):
        return text
    pieces, last = [], 0
    for key, start, end in members(text, 0):
        if key in node.within:
            pieces += [text[last:start], _read(text[start:end], node.within[key], unread)]
            last = end
    return "".join([*pieces, text[last:]])


def _words_for_nothing(kind: _Kind) -> Collection[str]:
    return ("",) if kind.takes_any_word else sorted(NO_VALUE)


def _is_nothing(value: Any, kind: _Kind) -> bool:
    is_word = isinstance(value, str)
    return value is None or (is_word and value.strip().lower() in _words_for_nothing(kind))


def _tree() -> _Node:
    root = _Node()
    for name in _FIELDS:
        node = root
        for key in name.split("."):
            node = node.within.setdefault(key, _Node())
        node.name = name
    return root


# Readers return the value itself if it is already as the API writes it, else what that would be.


def _word(value: Any) -> Any:
    words = _words(value)
    if not isinstance(words, list):
        return words
    if len(words) > 1:
        raise _UnreadError
    return "".join(words)


def _words(value: Any) -> Any:
    match value:
        case str():
            return _words_in(value)
        case list() if all(isinstance(one, str) for one in value):
            return value
        case list():
            return [word for one in value if one is not None for word in _listed(_words(one))]
        case dict():
            return _named(value)
    raise _UnreadError


def _words_in(text: str) -> Any:
    """Return the words of a list or an object inside a text; any other text is a word."""
    if not text.lstrip().startswith(("[", "(", "{")):
        return text
    try:
        return _words(_inside(text, list_of, object_of))
    except _UnreadError:
        return text


def _languages(value: Any) -> Any:
    """Return words; older YAML reads Norwegian, `no`, as false."""
    if value is False:
        return "no"
    if isinstance(value, list) and any(one is False for one in value):
        value = ["no" if one is False else one for one in value]
    words = _words(value)
    several = _inside(words, list_of) if isinstance(words, str) else None
    return several if isinstance(several, list) and len(several) > 1 else words


def _word_or_boolean(value: Any) -> Any:
    try:
        return _boolean(value)
    except _UnreadError:
        return _word(value)


def _texts(value: Any) -> Any:
    if isinstance(value, str):
        value = _inside(value, list_of)
    if not isinstance(value, list):
        raise _UnreadError
    if not any(isinstance(one, list | dict) for one in value):
        return value
    return [text for one in value for text in _listed(_text(one))]


def _text(value: Any) -> Any:
    match value:
        case dict():
            return _named(value)
        case list():
            return _texts(value)
    return value


def _named(value: dict) -> str:
    for name in _NAMES:
        if isinstance(value.get(name), str):
            return value[name]
    raise _UnreadError


def _count(value: Any) -> Any:
    try:
        number = _number(value)
    except _UnreadError:
        number = count_of(value if isinstance(value, str) else json.dumps(value))
        if number is None:
            raise
    # 1.234 may be meant as 1234 or be a mistake, so it is not read as a count.
    if not 0 <= float(number) <= _MOST or float(number) % 1:
        raise _UnreadError
    return number


def _number(value: Any) -> Any:
    """Return a number, or the text of one; not 1,234, in which the comma may be decimal."""
    match value:
        case bool():
            raise _UnreadError
        case int() | float():
            return value
        case str() if re.fullmatch(r"-?\d+(\.\d*)?([eE][+-]?\d+)?", value.strip(), re.ASCII):
            return value
    raise _UnreadError


def _counts(value: Any) -> Any:
    found = _object(value)
    read = {name: one if one is None else _count(one) for name, one in found.items()}
    is_unchanged = found is value and all(read[name] is found[name] for name in found)
    return value if is_unchanged else read


def _object(value: Any) -> Any:
    match value:
        case dict():
            return _without_mongo(value)
        case [dict() as only]:
            return _without_mongo(only)
        case str():
            return _object(_inside(value, object_of))
    raise _UnreadError


def _without_mongo(value: Any) -> Any:
    """Return a value with plain numbers in place of MongoDB's objects for numbers."""
    match value:
        case dict() if len(value) == 1 and value.keys() <= _NUMBERS_OF_MONGO:
            (number,) = value.values()
            return json.loads(str(number), parse_constant=lambda _: None)
        case dict():
            read = {key: _without_mongo(one) for key, one in value.items()}
            return value if all(map(operator.is_, read.values(), value.values())) else read
        case list():
            members = [_without_mongo(one) for one in value]
            return value if all(map(operator.is_, members, value)) else members
    return value


def _lineage(value: Any) -> Any:
    """Return an object or a list of models; a text without brackets is the id of a parent."""
    match value:
        case dict():
            return _without_mongo(value)
        case list():
            return _models(value)
        case str() if not re.match(r"\w*[\[({<]", value.strip()):
            return value
        case str():
            return _lineage(_inside(value, object_of, list_of))
    raise _UnreadError


def _models(value: Any) -> Any:
    """Return a list of models; a text that is not one is kept, as a claim that a build rejects."""
    match value:
        case list():
            models = [_with_plain_id(one) for one in value]
            return value if all(map(operator.is_, models, value)) else models
        case dict():
            return [_with_plain_id(value)]
        case str():
            return _listed(_inside(value, list_of, object_of) or value)
    raise _UnreadError


def _with_plain_id(model: Any) -> Any:
    is_wrapped = isinstance(model, dict) and isinstance(model.get("_id"), dict)
    return model | {"_id": _id(model["_id"])} if is_wrapped else model


def _id(value: Any) -> Any:
    """Return an id of the Hub; mere row numbers, which change from week to week, are not ids."""
    text = value if isinstance(value, str) else json.dumps(value)
    if re.fullmatch(r"\d{1,20}", text.strip(), re.ASCII):
        raise _UnreadError
    read = oid_of(text)
    return value if read == value else read


def _time(value: Any) -> Any:
    text = value if isinstance(value, str) else json.dumps(value)
    read = time_of(text)
    if read is None or read < "1970-01-02":
        raise _UnreadError
    return value if _ISO_TIME.fullmatch(text) else read


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    read = boolean_of(str(value))
    if read is None:
        raise _UnreadError
    return read


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _inside(text: str, *readers: Callable[[str], str | None]) -> Any:
    """Return the list or object that a text holds, in JSON or another notation; None if neither."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(text, parse_constant=lambda _: None)
        if isinstance(value, list | dict):
            return value
    return next((json.loads(read) for reader in readers if (read := reader(text))), None)


_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_PLAIN_WORD = r'""|"[^"\\\[({\s][^"\\]*(?:\\.[^"\\]*)*"'
_STRINGS = rf"\[(?:{_STRING}(?:, ?{_STRING})*)?\]"
_TEXT = rf'(?:{_STRING}|[^"\[\]{{}},]+)'
_MEMBER = rf"{_STRING}: ?(?:\d{{1,15}}|null)"
_IS_TIME = """coalesce(
    TRY_CAST(trim({value}, '"') AS TIMESTAMPTZ) BETWEEN '1970-01-02' AND '9999-12-30', false)"""

_KINDS = {
    "boolean": _Kind("a boolean", "true|false", _boolean),
    "count": _Kind("a count", r"\d{1,15}", _count),
    "counts": _Kind("an object of counts", rf"\{{(?:{_MEMBER}(?:, ?{_MEMBER})*)?\}}", _counts),
    "id": _Kind("an id of the Hub", r'"\d*[A-Za-z]\w*"', _id, is_used_unread=True),
    "languages": _Kind(
        "words", rf'"[^"\\\[({{\s,;|]*"|{_STRINGS}', _languages, takes_any_word=True
    ),
    "lineage": _Kind("an object", r'\{[^$]*|\[[^$]*|"[^\[({<]*"', _lineage),
    "models": _Kind("a list of models", r"\[[^$]*", _models),
    "number": _Kind("a number", r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", _number),
    "object": _Kind("an object", r"\{[^$]*", _object),
    "texts": _Kind("a list", rf"\[(?:{_TEXT}(?:,{_TEXT})*)?\]", _texts),
    "time": _Kind("a time", r'"[^"\\]*"', _time, condition=_IS_TIME),
    "word": _Kind("a word", _PLAIN_WORD, _word, takes_any_word=True),
    "word or boolean": _Kind(
        "a word", 'true|false|"auto"|"manual"', _word_or_boolean, takes_any_word=True
    ),
    "words": _Kind("words", rf"{_PLAIN_WORD}|{_STRINGS}", _words, takes_any_word=True),
}
_TREE = _tree()
