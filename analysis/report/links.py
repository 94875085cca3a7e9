"""Links from a model, an owner or a source to its place on the site, and to the Hub.

Ids are hostile text, and those that are not valid ids of the Hub are not linked. The Hub itself is
never contacted: its pages are plain links, and the made-up sample has none.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

HUB = "https://huggingface.co/"
AN_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
AN_ARXIV_ID = re.compile(r"arXiv (\d{4}\.\d{4,5})")


@dataclass(frozen=True)
class Links:
    """Where names link to.

    pages: bases with a page of their own, id -> the name of its file. listed: ids on the page of
    models. has_hub: whether the landing's models exist on the Hub.
    """

    pages: Mapping[str, str]
    listed: frozenset[str]
    has_hub: bool

    def model(self, model_id: str, up: str) -> str:
        """A model's name as HTML; `up` is the relative path to the top of the site."""
        inside = ""
        if model_id in self.pages:
            inside = f"{up}families/{self.pages[model_id]}.html"
        elif model_id in self.listed:
            inside = f"{up}models.html#find={quote(model_id, safe='')}"
        return self._joined(model_id, inside)

    def owner(self, owner: str, up: str) -> str:
        """An owner's name as HTML, linked to the owner's models in the list."""
        return self._joined(owner, f"{up}models.html#find={quote(owner + '/', safe='')}")

    def _joined(self, name: str, inside: str) -> str:
        said = html.escape(name)
        if inside:
            said = f'<a href="{html.escape(inside)}">{said}</a>'
        return said + self.hub(name)

    def hub(self, name: str) -> str:
        """A small link to a name's page on the Hub; empty if there is none."""
        if not self.has_hub or not AN_ID.fullmatch(name):
            return ""
        return (
            f' <a class="hub" rel="noopener noreferrer" href="{HUB}{name}" '
            f'aria-label="{html.escape(name)} on the Hub">Hub</a>'
        )


def source(text: str) -> str:
    """The source of a claim as HTML, with its paper linked."""
    return AN_ARXIV_ID.sub(
        r'<a rel="noopener noreferrer" href="https://arxiv.org/abs/\1">arXiv \1</a>',
        html.escape(text),
    )
