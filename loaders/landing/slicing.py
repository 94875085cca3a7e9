"""Cuts a page of the listing into the exact texts of its items.

Parsing and rewriting an item would lose something (`1e3` becomes `1000.0`, a repeated key is kept
once), so the text of each item is cut out of the page unchanged.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn


class BrokenPage(Exception):
    """A body that is not a JSON list: cut off, an error page, an object. Worth requesting again."""


class UnsoundPage(Exception):
    """A JSON list that is not a page of models. Requesting it again would not help."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a page: its exact text and the fields that the crawl uses."""

    text: str
    oid: Any
    model_id: Any
    is_private: bool


_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_KEY = re.compile(rf"({_STRING.pattern})[ \t\n\r]*:[ \t\n\r]*")
_MARK = re.compile(r"[ \t\n\r]*([,}])[ \t\n\r]*")
_STEP = re.compile(r'[^"\[\]{}]*')
_SCALAR = re.compile(r"[^\s,\]}]+")
_CLOSING = {"{": "}", "[": "]"}


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python would read although JSON has no such words."""
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def slice_page(text: str) -> list[Item]:
    """Return the items of a page; BrokenPage or UnsoundPage says what the body is instead."""
    try:
        return list(_items(text))
    except json.JSONDecodeError as error:
        raise BrokenPage(f"not JSON ({error.msg} at character {error.pos:,})") from error
    except (RecursionError, ValueError) as error:
        raise BrokenPage("not a list, and not readable") from error


def members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield each key of the object that begins at `start`, with its value's start and end."""
    position = _space(text, start + 1)
    while text[position : position + 1] != "}":
        key = _match(_KEY, text, position)
        end = _value_end(text, key.end())
        yield json.loads(key[1]), key.end(), end
        mark = _match(_MARK, text, end)
        position = mark.start(1) if mark[1] == "}" else mark.end()


def _items(text: str):
    position = _space(text, 0)
    if text[position : position + 1] != "[":
        # decoded only to tell an object from a truncated text in the message
        value, _ = _DECODER.raw_decode(text, position)
        raise BrokenPage(f"not a list but {_kind(value)}")
    position = _space(text, position + 1)
    if text[position : position + 1] == "]":
        _end(text, position + 1)
        return
    while True:
        item, end = _item(text, position)
        yield item
        position = _space(text, end)
        mark = text[position : position + 1]
        if mark == "]":
            _end(text, position + 1)
            return
        if mark != ",":
            raise json.JSONDecodeError("no comma between items", text, position)
        position = _space(text, position + 1)


def _item(text: str, start: int) -> tuple[Item, int]:
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):
        # Authors write cards as they like: lists a thousand deep, numbers of ten thousand digits.
        # Python reads neither, but the item's end and its ids can be found without reading them.
        value, end = _outline(text, start)
    if not isinstance(value, dict):
        raise UnsoundPage(f"an item that is not an object but {_kind(value)}")
    found = Item(text[start:end], value.get("_id"), value.get("id"), value.get("private") is True)
    return found, end


def _outline(text: str, start: int) -> tuple[Any, int]:
    """Return the scalar members of an object and its end, without reading nested values."""
    if text[start] != "{":
        raise UnsoundPage("an item that is not an object but a list or number too large to read")
    found: dict[str, Any] = {}
    for key, begin, end in members(text, start):
        value = text[begin:end]
        if value[0] in _CLOSING:
            found[key] = None
        else:
            found[key] = json.loads(value) if value[0] == '"' else value == "true"
    return found, _bracket_end(text, start)


def _value_end(text: str, start: int) -> int:
    try:
        return _DECODER.raw_decode(text, start)[1]
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):
        is_bracket = text[start] in _CLOSING
        return _bracket_end(text, start) if is_bracket else _match(_SCALAR, text, start).end()


def _bracket_end(text: str, start: int) -> int:
    """Return the position after the bracket that closes the one at `start`."""
    awaited: list[str] = []
    position = start
    while True:
        position = _match(_STEP, text, position).end()
        mark = text[position : position + 1]
        if mark == '"':
            position = _match(_STRING, text, position).end()
            continue
        if mark in _CLOSING:
            awaited.append(_CLOSING[mark])
        elif not mark or mark != awaited.pop():
            raise json.JSONDecodeError("brackets that do not match", text, position)
        position += 1
        if not awaited:
            return position


def _match(pattern: re.Pattern[str], text: str, position: int) -> re.Match[str]:
    found = pattern.match(text, position)
    if found is None:
        raise json.JSONDecodeError("no value", text, position)
    return found


def _space(text: str, position: int) -> int:
    return _match(_SPACE, text, position).end()


def _end(text: str, position: int) -> None:
    if _space(text, position) != len(text):
        raise json.JSONDecodeError("text after the list", text, position)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")
