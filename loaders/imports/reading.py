"""Reads a field's text back into the API's form: Python's repr, YAML, joined texts, times.

pandas, MongoDB and spreadsheets write the API's fields in their own ways. What can be read with
certainty is read; nothing is guessed, and each function returns None for the rest.
"""

import ast
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

import duckdb
import yaml
from duckdb.func import SPECIAL

__all__ = [
    "as_json",
    "boolean_of",
    "count_of",
    "list_of",
    "object_of",
    "oid_of",
    "prepare",
    "time_of",
]

_DEEPEST = 60
"""The deepest nesting of brackets; Python's own parser fails or crashes at some depth."""

_STRING = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_WORDS = {"true": True, "false": False, "null": None, "nan": None, "NaN": None}
_WRAPPERS = frozenset({
    "array", "list", "tuple", "set", "frozenset", "dict", "OrderedDict", "Decimal", "ObjectId",
    "bool_", "float32", "float64", "int32", "int64", "str_",
})  # fmt: skip
"""Calls that stand for their only argument."""
_BARE_LIST = re.compile(r"""\[([^][(){}'"]+)\]|\{([^][(){}'"]+)\}""")
"""A list as Java, Spark and DuckDB print it, or an array of PostgreSQL: words without quotes."""
_MARKS = (",", ";", "|", "\n")
_FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.S)

_EPOCHS = tuple(
    (Decimal(10) ** digits, datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    for digits in (0, 3, 6, 9)
)
"""Seconds, milliseconds, microseconds and nanoseconds since 1970; the ranges do not overlap."""
_THOUSANDS = re.compile(
    r"([1-9][0-9]{0,2}(?:[,_'\u2019 \u00a0\u202f][0-9]{3})+)(?:\.0+)?"
    r"|[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}",
    re.ASCII,
)
"""1.234 may be a fraction, but 1.234.567 and 1,234.0 cannot."""
_WRAPPED_COUNT = re.compile(
    r"""\{\s*(['"])\$number\w+\1\s*:\s*['"]?([0-9]+)['"]?\s*\}"""
    r"""|(?:\w+\.)?(?:Number\w+|int\d+|Decimal)\((['"]?)([0-9]+)\3\)"""
)
"""A count as MongoDB's JSON or shell, numpy or Python's decimals write it."""
_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_OID = re.compile(r"""(?:\$oid['"]\s*:\s*['"]|ObjectId\(['"]?|^\s*['"]?)([0-9a-f]{24})\b""")
_HTTP_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} "
    r"\d{2}:\d{2}(?::\d{2})?(?: (?:GMT|UTC|[+-]\d{4}))?"
)
_TIME_FORMS = (
    "%Y-%m-%d",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %Y %z",
    "%a %b %d %H:%M:%S UTC %Y",
    "%a %b %d %H:%M:%S %z %Y",
    "%a %b %d %Y %H:%M:%S GMT%z",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%d %b %Y",
    "%d %B %Y",
    "%d %B %Y %H:%M:%S",
    "%b %d, %Y",
    "%B %d, %Y",
    "%B %d, %Y %H:%M",
    "%B %d, %Y %H:%M:%S",
    "%B %d, %Y, %I:%M:%S %p",
    "%b %d, %Y, %I:%M:%S %p",
    "%d-%b-%Y",
    "%Y-%b-%d",
    "%Y年%m月%d日",
)
"""Unambiguous forms only; 11/07/2024 could be read in two ways."""
_ZONE_BEHIND = re.compile(
    r" UTC$|(?<=\+00:00)Z$|(?<=Z)\[UTC\]$|(?<=[+-]\d{2}:\d{2})\[[\w/]+\]$", re.ASCII
)
_DATETIME = re.compile(
    r"(?:datetime\.)?(?:date|datetime|DatetimeWithNanoseconds)\((\d+(?:, \d+){2,6})"
    r"(?:, tzinfo=[\w.]*(?:\(UTC\)|\butc|\bUTC))?\)"
)
_WRAPPED = re.compile(
    r"""/?(?:new )?(?:\w+\.)?(?:Date|ISODate|Timestamp|datetime64)\((['"]?)([^'"()]+)\1"""
    r"""(?:, (?:tz=)?(?:'\w+'|[\w.]*\butc))?\)/?"""
)
"""The time in a call of pandas, numpy, MongoDB's shell or JavaScript."""
UNREADABLE = (
    ValueError, TypeError, SyntaxError, RecursionError, MemoryError, yaml.YAMLError,
)  # fmt: skip
"""What the parsers raise for a text they cannot parse."""
_EXTENDED_KEYS = ("$date", "$numberLong")
_PROTOBUF_KEYS = (("seconds", "nanos"), ("_seconds", "_nanoseconds"))


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the readers to a connection as SQL functions; what they cannot read is null."""
    for name, reader in (
        ("read_list", list_of),
        ("read_object", object_of),
        ("read_time", time_of),
        ("read_oid", oid_of),
    ):
        connection.create_function(name, reader, ["VARCHAR"], "VARCHAR", null_handling=SPECIAL)


def list_of(text: str | None) -> str | None:
    """Return a list as JSON, from Python's repr or from texts joined by one kind of separator."""
    return _as_json(text, _list)


def object_of(text: str | None) -> str | None:
    """Return an object (or a list of objects) as JSON, from Python's repr or a card's YAML."""
    return _as_json(text, _object)


def count_of(text: str) -> int | None:
    """Return a count written with thousands separators, or inside an object or a call."""
    if wrapped := _WRAPPED_COUNT.fullmatch(text.strip()):
        return int(wrapped[2] or wrapped[4])
    grouped = _THOUSANDS.fullmatch(text.strip())
    return int(re.sub(r"\D", "", grouped[1] or grouped[0])) if grouped else None


def boolean_of(text: str) -> bool | None:
    """Return a boolean written as yes or no, 1 or 0, or the like."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def oid_of(text: str | None) -> str | None:
    """Return an id of the Hub, without what MongoDB may write around it."""
    found = _OID.search(text or "")
    return found[1] if found else text


def time_of(text: str | None) -> str | None:
    """Return a time as ISO in UTC, from an epoch, MongoDB's `$date`, an HTTP date or a repr."""
    try:
        moment = _moment(_unquoted((text or "").strip()))
    except (*UNREADABLE, OverflowError, InvalidOperation):
        return None
    if moment is None:
        return None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    digits = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=digits) + "Z"


def as_json(value: Any) -> str:
    """Return a value as JSON in valid UTF-8; ValueError for a number that JSON cannot write."""
    written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.encode("utf-8", "backslashreplace").decode()


def _as_json(text: str | None, reader: Callable[[str], Any]) -> str | None:
    try:
        value = reader(_unquoted((text or "").strip()))
        return None if value is None else as_json(value)
    except UNREADABLE:
        return None


def _unquoted(text: str) -> str:
    """Return a text without the JSON quotes that were added to it once too often."""
    try:
        inner = json.loads(text) if text.startswith('"') else text
    except ValueError:
        return text
    return inner.strip()


def _list(text: str) -> list | None:
    if bare := _BARE_LIST.fullmatch(text):
        return _bare_list(bare[1] or bare[2])
    if _is_python(text):
        value = _python(text)
        return value if isinstance(value, list) else None
    if text.startswith(("'", '"')):
        return _python(f"[{text}]")
    marks = [mark for mark in _MARKS if mark in text]
    if len(marks) == 1:
        parts = (re.sub(r"^- ", "", part.strip()).strip() for part in text.split(marks[0]))
        return [part for part in parts if part]
    return [text] if text and not marks and not re.search(r"\s", text) else None


def _bare_list(inside: str) -> list | None:
    """Return a list of Python's, such as one of None and numbers, else the words in it."""
    try:
        return _python(f"[{inside}]")
    except (ValueError, SyntaxError):
        words = [word.strip() for word in inside.split(",")]
    has_blanks = len(words) == 1 and re.search(r"\s", words[0])
    is_doubtful = any(not word or word == "..." or ": " in word for word in words)
    return None if has_blanks or is_doubtful else words


def _object(text: str) -> dict | list | None:
    try:
        value = _python(text) if _is_python(text) else _yaml(text)
    except (ValueError, SyntaxError):
        value = _flow(text)
    if isinstance(value, list):
        return value if all(isinstance(one, dict) for one in value) else None
    return value if isinstance(value, dict) else None


def _is_python(text: str) -> bool:
    return bool(re.match(r"[\[({]|[A-Za-z_][\w.]*\(", text))


def _python(text: str) -> Any:
    """Return the value of a repr; numpy writes lists without commas, and objects as calls."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[({\])}]", re.sub(_STRING, "", text)):
        depth += 1 if bracket in "[({" else -1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise ValueError("brackets nested too deeply")
    separated = re.sub(rf"({_STRING})(\s+(?=['\"]))?", _with_comma, text)
    return _value(ast.parse(separated, mode="eval").body)


def _with_comma(string: re.Match[str]) -> str:
    return f"{string[1]}, " if string[2] else string[1]


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=None | bool() | str() | int() | float() as value):
            return value
        case ast.Name(id=name) if name in _WORDS:
            return _WORDS[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values):
            return [_value(value) for value in values]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = zip(keys, values, strict=True)
            return {_key(key): _value(value) for key, value in pairs if key is not None}
        case ast.Call() if moment := time_of(ast.unparse(node)):
            return moment
        case ast.Call(func=function, args=[only]) if _name(function) in _WRAPPERS:
            value = _value(only)
            is_dict = "dict" in _name(function).lower()
            return (
                {str(key): one for key, one in value}
                if is_dict and isinstance(value, list)
                else value
            )
        case ast.Call(args=[], keywords=given) if all(one.arg for one in given):
            return {one.arg: _value(one.value) for one in given}
    raise ValueError("not a plain value")


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _key(node: ast.expr) -> str:
    value = _value(node)
    return value if isinstance(value, str) else json.dumps(value)


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _CardLoader(_Loader):
    """YAML 1.2, as the Hub reads it: `no` and `2024-01-01` are texts."""


_CardLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        list("-+.0123456789"),
    ),
):
    _CardLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _yaml(text: str) -> Any:
    front_matter = _FRONT_MATTER.match(text)
    text = front_matter[1] if front_matter else text
    # Aliases, which repeat a value, can fill the memory from a few lines.
    if "*" in text and any(
        isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_CardLoader)
    ):
        return None
    return yaml.load(text, Loader=_CardLoader)


def _flow(text: str) -> Any:
    """Return an object in YAML's braces, if its unquoted words are plain and without blanks."""
    events = yaml.parse(text, Loader=_CardLoader)
    bare = [one.value for one in events if isinstance(one, yaml.ScalarEvent) and one.implicit[0]]
    return _yaml(text) if all(re.fullmatch(r"[^\s()<>=]+", word) for word in bare) else None


def _moment(text: str) -> datetime | None:
    if re.match(r"\d{4}-\d{2}-\d{2}", text):
        # Go and Java write the zone's name after its offset, and people add a Z.
        return datetime.fromisoformat(_ZONE_BEHIND.sub("", text))
    if re.fullmatch(r"\d+(?:\.\d*)?(?:[eE]\+?\d{1,2})?", text):
        found = _of_epoch(Decimal(text))
        if found or not re.fullmatch(r"\d{8}|\d{14}", text):
            return found
    if text.startswith("{"):
        value = _python(text)
        if not isinstance(value, dict):
            return None
        for seconds, nanoseconds in _PROTOBUF_KEYS:
            if value.keys() == {seconds, nanoseconds}:
                return _of_epoch(Decimal(value[seconds]) + Decimal(value[nanoseconds]) / 10**9)
        key = next((key for key in _EXTENDED_KEYS if key in value), None)
        inner = value[key] if len(value) == 1 and key else None
        return _moment(json.dumps(inner) if isinstance(inner, dict) else str(inner))
    if python := _DATETIME.fullmatch(text):
        given = map(int, python[1].split(", "))
        year, month, day, hour, minute, second, micro = [*given, 0, 0, 0, 0][:7]
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    if wrapped := _WRAPPED.fullmatch(text):
        return _moment(wrapped[2])
    if _HTTP_DATE.fullmatch(text):
        return parsedate_to_datetime(text)
    # JavaScript writes the zone's name after its offset.
    text = re.sub(r"(GMT[+-]\d{4}) \([^()]*\)$", r"\1", text)
    for form in _TIME_FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return datetime.fromisoformat(text)


def _of_epoch(number: Decimal) -> datetime | None:
    for unit, earliest, latest in _EPOCHS:
        if earliest.timestamp() <= number / unit < latest.timestamp():
            microseconds = int(number * 1_000_000 / unit)
            seconds, rest = divmod(microseconds, 1_000_000)
            return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
    return None
