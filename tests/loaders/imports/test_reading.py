"""Fields as pandas, MongoDB, numpy and people write them are read, or are said to be unreadable."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loaders.imports.reading import count_of, list_of, object_of, oid_of, time_of

MOMENT = "2024-07-11T00:55:12.000Z"
LISTS = [
    ("['transformers', 'license:mit']", ["transformers", "license:mit"]),
    ("""['it\\'s', "it's", 'a\\nb', 'é']""", ["it's", "it's", "a\nb", "é"]),
    ("('a', 'b')", ["a", "b"]),
    ("['a' 'b'\n 'c']", ["a", "b", "c"]),
    ("array(['a', 'b'], dtype=object)", ["a", "b"]),
    ("[]", []),
    ("[None, 1, True]", [None, 1, True]),
    ("transformers, safetensors,license:mit", ["transformers", "safetensors", "license:mit"]),
    ("transformers;safetensors", ["transformers", "safetensors"]),
    ("transformers|text generation", ["transformers", "text generation"]),
    ("- gguf\n- en", ["gguf", "en"]),
    ("gguf", ["gguf"]),
    ("[transformers, license:mit]", ["transformers", "license:mit"]),
    ("{transformers,text generation}", ["transformers", "text generation"]),
    ("[gguf]", ["gguf"]),
    ("'gguf', 'en'", ["gguf", "en"]),
    ('"gguf","a, b"', ["gguf", "a, b"]),
    (json.dumps("['gguf', 'en']"), ["gguf", "en"]),
    (json.dumps("gguf,en"), ["gguf", "en"]),
    ("[np.str_('gguf'), np.str_('en')]", ["gguf", "en"]),
]
OBJECTS = [
    (
        "{'relation': 'adapter', 'models': [{'_id': '66f0', 'id': 'a/b'}]}",
        {"relation": "adapter", "models": [{"_id": "66f0", "id": "a/b"}]},
    ),
    (
        "SafeTensorsInfo(parameters={'F32': 7000000000}, total=7000000000)",
        {"parameters": {"F32": 7000000000}, "total": 7000000000},
    ),
    ("{'models': array([{'id': 'a/b'}], dtype=object)}", {"models": [{"id": "a/b"}]}),
    ("OrderedDict([('total', 5)])", {"total": 5}),
    ("{'n': None, 'x': nan, 'flag': true}", {"n": None, "x": None, "flag": True}),
    ("[{'id': 'a/b'}]", [{"id": "a/b"}]),
    ("license: mit", {"license": "mit"}),
    (
        "base_model:\n- a/b\nlanguage: no\ndate: 2024-01-01\nversion: 1.5\ngated:",
        {"base_model": ["a/b"], "language": "no", "date": "2024-01-01",
         "version": 1.5, "gated": None},
    ),
    ("---\nlicense: mit\n---\n# A model: it is", {"license": "mit"}),
    ("{license: mit, base_model: [a/b, c/d]}", {"license": "mit", "base_model": ["a/b", "c/d"]}),
    ("{'license': mit, 'gated': NULL}", {"license": "mit", "gated": None}),
    (json.dumps('{"license": "mit"}'), {"license": "mit"}),
    ("{'total': np.int64(7), 'share': np.float64(0.5)}", {"total": 7, "share": 0.5}),
    ("{'total': Decimal('7')}", {"total": "7"}),
    ("{'on': datetime.date(2024, 7, 11)}", {"on": "2024-07-11T00:00:00.000Z"}),
    ("{'at': datetime.datetime(2024, 7, 11, 0, 55, 12)}", {"at": MOMENT}),
    ("{'_id': ObjectId('66f0c1aa5e1f4b2c3d4e5f61')}", {"_id": "66f0c1aa5e1f4b2c3d4e5f61"}),
]  # fmt: skip
UNREADABLE_LISTS = [
    "", "text generation", "['a', ...]", "['a'", "{'a': 1}", "a, b; c", "f(x)", "[a, ..., z]",
    "[More Information Needed]", "{a: 1, b: 2}", "[a, [b]]", "'a', b'", "[1 + 1]",
]  # fmt: skip
UNREADABLE_OBJECTS = [
    "",
    "en",
    "- a\n- b",
    "<SafeTensorsInfo object at 0x7f>",
    "{'a': open('x')}",
    "{'a': 1 + 1}",
    "license: [",
    "a: &x [1]\nb: *x",
    "[" * 500 + "]" * 500,
    "{'a': 1e999}",
    "{license=mit}",
    "{mit, en}",
    "{license: what you want}",
]
TIMES = [
    "1720659312", "1720659312.0", "1720659312000", "1720659312000000", "1720659312000000000",
    "1.720659312e9", '{"$date": "2024-07-11T00:55:12Z"}', '{"$date": 1720659312000}',
    '{"$date": {"$numberLong": "1720659312000"}}', "Thu, 11 Jul 2024 00:55:12 GMT",
    "Thu, 11 Jul 2024 02:55:12 +0200", "11 Jul 2024 00:55:12 GMT", "Thu Jul 11 00:55:12 2024",
    "2024/07/11 00:55:12", "20240711T005512Z", "2024-07-11T00:55:12.000000000Z",
    "datetime.datetime(2024, 7, 11, 0, 55, 12, tzinfo=datetime.timezone.utc)",
    "Timestamp('2024-07-11 00:55:12+0000', tz='UTC')", "  1720659312 ",
    "numpy.datetime64('2024-07-11T00:55:12')", 'ISODate("2024-07-11T00:55:12Z")',
    "new Date(1720659312000)", "/Date(1720659312000)/", '{"seconds": 1720659312, "nanos": 0}',
    '{"_seconds": 1720659312, "_nanoseconds": 0}', "Thu Jul 11 00:55:12 UTC 2024",
    "July 11, 2024 00:55:12",
    "Thu Jul 11 2024 02:55:12 GMT+0200 (Central European Summer Time)",
    "2024-07-11 00:55:12 UTC", "2024-07-11 00:55:12 +0000 UTC", "2024-07-11T00:55:12Z[UTC]",
    "2024-07-11T02:55:12+02:00[Europe/Berlin]", "Thu Jul 11 00:55:12 +0000 2024",
    "11 July 2024 00:55:12", "July 11, 2024, 12:55:12 AM", "Jul 11, 2024, 12:55:12 AM",
    "2024-07-11T00:55:12+00:00Z", '"2024-07-11T00:55:12Z"',
    "2024.07.11 00:55:12", "20240711005512", "{'$date': '2024-07-11T00:55:12Z'}",
    "{'$date': {'$numberLong': '1720659312000'}}",
    "DatetimeWithNanoseconds(2024, 7, 11, 0, 55, 12, tzinfo=datetime.timezone.utc)",
    "Timestamp('2024-07-11 00:55:12+0000', tz=datetime.timezone.utc)",
]  # fmt: skip
DAYS = [
    "20240711", "2024/07/11", "11 Jul 2024", "July 11, 2024", "Jul 11, 2024", "11-Jul-2024",
    "2024-Jul-11", "2024年7月11日", "2024.07.11", "datetime.date(2024, 7, 11)",
]  # fmt: skip
NO_TIMES = [
    "", "soon", "11/07/2024", "07/11/24", "2024", "0", "-1720659312", "12345", "99999999",
    "31 Feb 2024 00:00:00 GMT", "{}", '{"$date": null}', '{"$date": "x", "y": 1}', "1e99", "nan",
    "Thu, 11 Jul 24 00:55 GMT", "Date(2024, 7, 11)", '{"seconds": 1, "nanos": 0}',
    '{"seconds": "1720659312"}', "45484.0383",
    "2024-07-11T00:55:12[Europe/Berlin]", "20241311005512",
    "datetime.datetime(2024, 7, 11, 0, 55, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin'))",
]  # fmt: skip
COUNTS = [
    "1,234,567", "1.234.567", "1 234 567", "1_234_567", "1'234'567", "1\u2019234\u2019567",
    "1,234,567.0", "1,234,567.00", '{"$numberLong": "1234567"}', "{'$numberLong': '1234567'}",
    'NumberLong("1234567")', "NumberLong(1234567)", "np.int64(1234567)", "Decimal('1234567')",
]  # fmt: skip
NO_COUNTS = ["", "1,234.5", "1.234", "1.2M", "12,34", "1'23", "f(1234567)", "NumberLong('x')"]
OIDS = [
    "66f0c1aa5e1f4b2c3d4e5f61", " 66f0c1aa5e1f4b2c3d4e5f61 ", '"66f0c1aa5e1f4b2c3d4e5f61"',
    "ObjectId('66f0c1aa5e1f4b2c3d4e5f61')", "ObjectId(66f0c1aa5e1f4b2c3d4e5f61)",
    "{'$oid': '66f0c1aa5e1f4b2c3d4e5f61'}", '{"$oid":"66f0c1aa5e1f4b2c3d4e5f61"}',
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), LISTS)
def test_a_list_is_read(text, value) -> None:
    assert json.loads(list_of(text)) == value


@pytest.mark.parametrize(("text", "value"), OBJECTS)
def test_an_object_is_read(text, value) -> None:
    assert json.loads(object_of(text)) == value


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_read(text) -> None:
    assert time_of(text) == MOMENT


@pytest.mark.parametrize("text", DAYS)
def test_a_day_is_its_midnight(text) -> None:
    assert time_of(text) == "2024-07-11T00:00:00.000Z"


@pytest.mark.parametrize("text", COUNTS)
def test_a_count_is_read(text) -> None:
    assert count_of(text) == 1234567


@pytest.mark.parametrize("text", OIDS)
def test_an_id_is_taken_out_of_what_is_around_it(text) -> None:
    assert oid_of(text) == "66f0c1aa5e1f4b2c3d4e5f61"


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        *((count_of, text) for text in NO_COUNTS),
        *((list_of, text) for text in UNREADABLE_LISTS),
        *((object_of, text) for text in UNREADABLE_OBJECTS),
        *((time_of, text) for text in NO_TIMES),
        *((reader, None) for reader in (list_of, object_of, time_of)),
    ],
)
def test_what_has_no_certain_reading_is_not_read(reader, text) -> None:
    assert reader(text) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(VALUES))
def test_every_list_that_python_writes_is_read(value) -> None:
    assert json.loads(list_of(repr(value))) == value


@given(st.dictionaries(st.text(), VALUES))
def test_every_dict_that_python_writes_is_read(value) -> None:
    assert json.loads(object_of(repr(value))) == value


@given(st.text() | st.text(alphabet="{}[]()'\",:0123456789abN \\"))
@example("{")
@example("{1, 2}")
@example("{1: 2}")
def test_no_text_breaks_a_reader(text) -> None:
    for reader in (list_of, object_of, time_of):
        assert reader(text) is None or isinstance(reader(text), str)
