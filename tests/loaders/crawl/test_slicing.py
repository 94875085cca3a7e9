"""The slicer: items cut out of any JSON text byte for byte, and nothing else taken for a page."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.landing import slicing
from loaders.landing.slicing import BrokenPage, UnsoundPage, slice_page

SPACE = st.text(" \t\n\r", max_size=3)
TEXT = st.text(max_size=8) | st.sampled_from(['"', "\\", "]", "}", "[{", '":"', "\u2028", "é"])
NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?\Z")
ESCAPES = st.sampled_from([r"\ud800", r"\u0000", r"\"", r"\\", r"\/", r"\b", r"é", r"\uD83D\uDE00"])
STRINGS = st.builds(
    lambda text, ascii, escape: json.dumps(text, ensure_ascii=ascii)[:-1] + escape + '"',
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.booleans(),
    ESCAPES | st.just(""),
)


def spaced(opening: str, members: list[str], closing: str, spaces: list[str]) -> str:
    pad = lambda n: spaces[n % len(spaces)]  # noqa: E731
    inside = ",".join(f"{pad(n)}{one}{pad(n + 1)}" for n, one in enumerate(members))
    return f"{opening}{inside or pad(0)}{closing}"


SPACES = st.lists(SPACE, min_size=1, max_size=3)


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    member = st.builds(
        lambda key, a, b, value: f"{key}{a}:{b}{value}", STRINGS, SPACE, SPACE, values
    )
    return st.builds(spaced, st.just("{"), st.lists(member, max_size=4), st.just("}"), SPACES)


def lists(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(spaced, st.just("["), st.lists(values, max_size=4), st.just("]"), SPACES)


SCALARS = st.sampled_from(["null", "true", "false"]) | NUMBERS | STRINGS
VALUES = st.recursive(SCALARS, lambda inner: objects(inner) | lists(inner), max_leaves=12)
ITEMS = objects(VALUES)
MODELS = st.builds(
    lambda inner, oid, private: (
        f'{{"_id":"{oid}", "id" :"a/é]}}","private":{private}'
        + ("," + inner[1:] if inner[1:].strip(" \t\n\r}") else "}")
    ),
    st.just("{}")
    | objects(VALUES).filter(lambda text: not {'"_id"', '"id"'} & set(text.split(":"))),
    st.text(string.hexdigits, min_size=1, max_size=24),
    st.sampled_from(["true", "false", "null", "0"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ITEMS, max_size=5), SPACES)
def test_slices_are_the_items_byte_for_byte(items: list[str], spaces: list[str]) -> None:
    page = spaced("[", items, "]", spaces)
    assert json.loads(page) is not None
    assert [one.text for one in slice_page(spaces[0] + page + spaces[-1])] == items


@settings(max_examples=60, deadline=None)
@given(st.lists(ITEMS | MODELS, max_size=4), SPACES)
def test_items_that_python_cannot_read_are_sliced_alike(
    items: list[str], spaces: list[str]
) -> None:
    page = spaced("[", items, "]", spaces)
    usual = slice_page(page)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slicing, "_DECODER", _Unable())
        outlined = slice_page(page)
    for one, other in zip(usual, outlined, strict=True):
        assert one.text == other.text
        assert one.is_private == other.is_private
        if isinstance(one.oid, str):
            assert (one.oid, one.model_id if isinstance(one.model_id, str) else None) == (
                other.oid,
                other.model_id if isinstance(other.model_id, str) else None,
            )


class _Unable(json.JSONDecoder):
    """A decoder that reads texts but gives up on objects, as Python does on deep ones."""

    def raw_decode(self, text: str, idx: int = 0):
        if text[idx] == "{":
            raise RecursionError
        return super().raw_decode(text, idx)


@settings(max_examples=60, deadline=None)
@given(st.lists(ITEMS, min_size=1, max_size=4), st.data())
def test_a_torn_page_is_broken(items: list[str], data: st.DataObject) -> None:
    page = "[" + ",".join(items) + "]"
    cut = data.draw(st.integers(0, len(page) - 1))
    with pytest.raises(BrokenPage):
        slice_page(page[:cut])


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('[]{}",:\\ 0e-.atruefalsn\n'), max_size=30))
def test_what_json_does_not_take_is_no_page(text: str) -> None:
    try:
        value = json.loads(text, parse_constant=lambda name: json.loads("?"))
    except ValueError:
        with pytest.raises((BrokenPage, UnsoundPage)):
            slice_page(text)
    else:
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            assert [json.loads(one.text) for one in slice_page(text)] == value
        else:
            with pytest.raises((BrokenPage, UnsoundPage)):
                slice_page(text)


def test_deep_lists_and_long_numbers_are_sliced() -> None:
    deep = f'{{"_id":"ab","x":{"[" * 50_000}{"]" * 50_000},"id":"a/b","private":true}}'
    long = f'{{"n":{"9" * 10_000},"_id":"cd","id":"a/c"}}'
    first, second = slice_page(f"[{deep}, {long}]")
    assert (first.text, first.oid, first.model_id, first.is_private) == (deep, "ab", "a/b", True)
    assert (second.text, second.oid, second.model_id, second.is_private) == (
        long,
        "cd",
        "a/c",
        False,
    )


def test_the_last_of_two_equal_keys_counts() -> None:
    (item,) = slice_page('[{"_id":"1","private":true,"_id":"2","private":false}]')
    assert (item.oid, item.is_private) == ("2", False)


@pytest.mark.parametrize(
    "text",
    ["", " ", "{}", '"text"', "null", "<html>", "[", "[{}", "[{},]", "[{}]x", "[{}]]", "[,]",
     '[{"a":NaN}]', '[{"a":Infinity}]', '[{"a":"\n"}]'],
)  # fmt: skip
def test_no_list_is_broken(text: str) -> None:
    with pytest.raises(BrokenPage):
        slice_page(text)


@pytest.mark.parametrize("text", ["[1]", '["a"]', "[null]", "[[]]", "[{},true]"])
def test_a_list_of_anything_but_objects_is_unsound(text: str) -> None:
    with pytest.raises(UnsoundPage):
        slice_page(text)
