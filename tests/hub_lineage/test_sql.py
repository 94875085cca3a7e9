"""DuckDB's errors become one line, whatever the files they speak of hold."""

import pytest

from hub_lineage.sql import one_line

INNER = (
    '{"exception_type":"IO","exception_message":"Could not write file \\"a\\": %s","errno":"28"}'
)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("IO Error: Cannot open file", "Cannot open file"),
        ("Binder Error: no column x\nLINE 1: SELECT x", "no column x"),
        ("Invalid Input Error: one\n  two\n\nCandidates: three", "one; two"),
        (f"Async failure: {INNER % 'No space'}", 'Could not write file "a": No space'),
        ('CSV Error: Original Line: {"exception_message": 1', 'CSV Error: Original Line: {"ex'),
        ('Line: {"exception_message":"\\q"}', 'Line: {"exception_message":"\\q"}'),
        ('Line: [1]{"exception_message":', 'Line: [1]{"exception_message":'),
        ('Line: }"exception_message":{', 'Line: }"exception_message":{'),
    ],
)  # fmt: skip
def test_what_an_error_says_is_one_line(said: str, line: str) -> None:
    assert one_line(Exception(said)).startswith(line)
    assert "\n" not in one_line(Exception(said))


def test_a_line_of_megabytes_is_shortened_at_once() -> None:
    assert len(one_line(Exception('{"exception_message":' * 1_000_000))) == 300
