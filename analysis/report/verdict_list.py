"""The claims with their verdicts, as a list that can be read without colour or statistics."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.figures.wording import label, number, percent
from analysis.report.findings import capital
from analysis.report.links import source as linked_source
from analysis.studies.printed.table_formats import plain
from analysis.studies.verdicts import CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE, SUPPORTED

WORDS = {
    SUPPORTED: "supported",
    CONTRADICTED: "contradicted",
    INCONCLUSIVE: "inconclusive",
    NOT_TESTABLE: "not testable here",
}

# Each verdict has a shape and sign of its own: a disc, a square on its corner, a ring, a dashed
# ring. They are drawn, and not characters, so that they do not depend on fonts or printers.
ICONS = {
    SUPPORTED: '<circle class="fill" cx="12" cy="12" r="11"/>'
    '<path class="sign" d="M6.5 12.5l4 4 7-8.5"/>',
    CONTRADICTED: '<path class="fill" d="M12 .8L23.2 12 12 23.2.8 12z"/>'
    '<path class="sign" d="M8.3 8.3l7.4 7.4m0-7.4l-7.4 7.4"/>',
    INCONCLUSIVE: '<circle class="ring" cx="12" cy="12" r="10"/>'
    '<path class="mark" d="M8.7 9.3c0-4.4 6.8-4.2 6.6-.2-.1 2.4-3.2 2.5-3.3 5.2"/>'
    '<circle class="dot" cx="12" cy="17.7" r="1.3"/>',
    NOT_TESTABLE: '<circle class="ring dashed" cx="12" cy="12" r="10"/>'
    '<path class="mark" d="M7.5 12h9"/>',
}  # fmt: skip


@dataclass
class Claim:
    """A claim, its verdict, and its tests, the first of which decides the verdict.

    in_words: its number; why: the reason for an open verdict; tolerance: the smallest effect
    that counts. figures: the names of the figures shown with it.
    """

    claim_id: str
    claim: str
    source: str
    verdict: str
    in_words: str
    why: str
    tolerance: str
    curve: str
    n: int | None
    tests: Sequence[Mapping]
    figures: list[str] = field(default_factory=list)

    @property
    def table(self) -> str:
        """The name of the table of its tests."""
        return f"claim_{self.claim_id}"

    @property
    def anchor(self) -> str:
        """The anchor of its section."""
        return self.claim_id.lower()

    @property
    def icon(self) -> str:
        """The verdict's sign as HTML, to be shown beside the word."""
        return (
            f'<svg class="verdict-icon {self.verdict}" viewBox="0 0 24 24" aria-hidden="true">'
            f"{ICONS[self.verdict]}</svg>"
        )

    @property
    def word(self) -> str:
        """The verdict in words."""
        return WORDS[self.verdict]

    @property
    def measure(self) -> str:
        """What was measured, or why nothing could be measured, in sentences."""
        told = f"{capital(self.in_words)}." if self.in_words else ""
        why = f"{capital(self.why)}." if self.why else ""
        if self.verdict == NOT_TESTABLE:
            return reason_in_words(self.why) or "Nothing of it can be measured here."
        return f"{told} {why}".strip()

    @property
    def head(self) -> str:
        """Sign, word and measure as HTML."""
        of = f' <span class="n">N {number(self.n)}</span>' if self.n else ""
        return (
            f'<p class="verdict {self.verdict}">{self.icon} <strong>{self.word}</strong></p>\n'
            f'<p class="measure">{html.escape(plain(self.measure))}{of}</p>\n'
        )


def reason_in_words(reason: str) -> str:
    """Why there is no estimate, without the specification's name and formula.

    These are in the table of the tests.
    """
    name, colon, rest = reason.partition(": ")
    if not colon or not re.fullmatch(r"(RR|DM)[\w.]+", name):
        return f"{capital(reason)}." if reason else ""
    rest = re.sub(r"the rest of \S+ ~ .*", "the rest of its equation", rest)
    rest = re.sub(r"^\S+ ~ [^:]*: ", "", rest)
    rest = re.sub(r"'?\b([a-z]+(?:_[a-z0-9]+)+)\b'?", lambda found: label(found[1]), rest)
    return f"No estimate could be made: {rest}."


def claims_of(rows: Sequence[Mapping]) -> list[Claim]:
    """The claims of a run, in order, each with its tests."""
    by_claim: dict[str, list[Mapping]] = {}
    for row in rows:
        by_claim.setdefault(row["claim_id"], []).append(row)
    return [
        Claim(
            claim_id, tests[0]["claim"], tests[0]["source"], tests[0]["verdict"],
            tests[0]["in_words"] or "", tests[0]["verdict_reason"] or "",
            tests[0].get("tolerance") or "", curve_words(tests[0]), tests[0]["n"], tests,
        )
        for claim_id, tests in by_claim.items()
    ]  # fmt: skip


def curve_words(row: Mapping) -> str:
    """How many combinations of choices agree with a claim in sign; empty without a curve."""
    if not row["curve_n"]:
        return ""
    chance = ""
    if row["curve_p_value"] is not None:
        chance = f", against chance p {number(row['curve_p_value'])}"
    share = percent(row["curve_share_as_claimed"], 0)
    return f"Of {row['curve_n']} combinations of choices {share} agree with it in sign{chance}."


def as_html(claims: Sequence[Claim]) -> str:
    """All claims as a list: verdict, claim, measure, source, each with a link to its tests."""
    items = []
    for one in claims:
        title, name = (html.escape(plain(text)) for text in (one.claim, one.claim_id))
        items.append(
            f'<li class="claim">\n<p class="title">{title}</p>\n{one.head}'
            f'<p class="source">{linked_source(plain(one.source))} · '
            f'<a href="verdicts.html#{html.escape(one.anchor)}">the test of {name}</a></p></li>\n'
        )
    return f'<ul class="claims">\n{"".join(items)}</ul>\n'


def counted(claims: Sequence[Claim]) -> str:
    """How many verdicts of each kind there are, in words."""
    counts = [
        (sum(one.verdict == verdict for one in claims), word) for verdict, word in WORDS.items()
    ]
    said = [f"{number(n)} {word}" for n, word in counts if n]
    return f"Of {number(len(claims))} claims: {', '.join(said)}."
