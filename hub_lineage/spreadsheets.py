"""Texts made safe for spreadsheets, since ids may hold formulas and line breaks."""

from __future__ import annotations

import re

import pandas as pd

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
UNSIGNED = "[0-9][0-9.,]*(?:e[-+]?[0-9]+)?"
NUMBER = f"[-+]?{UNSIGNED}"
PRINTED = re.compile(
    rf"{NUMBER}[%* ]*"
    rf"(?:\[{NUMBER}, {NUMBER}\]|\({NUMBER}\)[%* ]*|to {NUMBER}[%* ]*|(?<= ){UNSIGNED}[%* ]*)?"
)
"""A number as tables print it: with stars, a standard error or an interval; -1+2 is not one."""


def safe_cell(text: str) -> str:
    """A text in one line that no spreadsheet runs as a formula.

    Control characters become escapes, so that different ids stay different. An apostrophe before a
    sign that would begin a formula tells spreadsheets that a text follows.
    """
    text = CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    is_formula = text.lstrip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")
    return f"'{text}" if is_formula and not PRINTED.fullmatch(text) else text


def safe_for_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with every text made a safe cell."""

    def safe(value: object) -> object:
        return safe_cell(value) if isinstance(value, str) else value

    texts = frame.select_dtypes(exclude=["number", "bool", "datetime"])
    return frame.assign(**{str(name): frame[name].map(safe) for name in texts})
