"""The citation as BibTeX, for those who write papers."""

from __future__ import annotations

import html
from collections.abc import Mapping

from analysis.report.provenance import Landing
from analysis.studies.printed.table_formats import plain


def bibtex(citation: Mapping, landing: Landing) -> str:
    """The software with the snapshot, and the studies, as HTML to copy from.

    citation: the parsed CITATION.cff.
    """
    authors = " and ".join("{" + one["name"] + "}" for one in citation["authors"])
    entries = [
        entry(
            "software", "hub_lineage",
            {
                "author": authors, "title": citation["title"],
                "year": str(citation["date-released"])[:4], "version": citation["version"],
                "note": f"Snapshot {landing.snapshot_id}"
                + (f", {landing.attribution}" if landing.attribution else ""),
            },
        )
    ]  # fmt: skip
    for reference in citation["references"]:
        people = reference["authors"]
        name = f"{people[0]['family-names']}{reference['year']}{reference['title'].split()[0]}"
        identifier = reference["identifiers"][0]["value"]
        archive, _, number = identifier.partition(":")
        entries.append(
            entry(
                "misc", "".join(c for c in name.lower() if c.isalnum()),
                {
                    "author": " and ".join(
                        f"{one['family-names']}, {one['given-names']}" for one in people
                    ),
                    "title": reference["title"], "year": str(reference["year"]),
                    "eprint": number, "archiveprefix": archive,
                },
            )
        )  # fmt: skip
    text = html.escape("\n\n".join(entries))
    return f'<pre class="bibtex" tabindex="0" aria-label="BibTeX">{text}</pre>\n'


def entry(kind: str, name: str, fields: Mapping[str, str]) -> str:
    """One entry; braces keep capitals, and characters that would end a field are left out."""
    lines = [
        f"  {key} = {{{value if key == 'author' else braced(value)}}},"
        for key, value in fields.items()
    ]
    return "\n".join([f"@{kind}{{{name},", *lines, "}"])


def braced(value: object) -> str:
    """A value without braces and backslashes, in which LaTeX's & and _ are escaped."""
    text = plain(str(value))
    return "".join(c for c in text if c not in "{}\\").replace("&", r"\&").replace("_", r"\_")
