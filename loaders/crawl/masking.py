"""Masks the token in what a service sends back, however it is encoded there."""

import base64
import contextlib
import html
import re
from urllib.parse import unquote

MASK = "***"

_ESCAPED = re.compile(r"\\u00([2-7][0-9a-f])")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}=*")
_SHORTEST_PACKED = 8
"""The base64 of a shorter secret leaves so few characters that they occur in any text."""


class Mask:
    """Finds one secret in a service's text and replaces it by `***`.

    The secret is recognised in any case (host names are lower-cased), with JSON's and HTML's
    escapes, percent-encoded, and within base64. An empty secret is never found.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.lower()
        self._packed = _packed(secret)
        self._spellings = re.compile("".join(map(_spellings, secret)), re.IGNORECASE)

    def finds(self, text: str) -> bool:
        """Say whether the text holds the secret."""
        if not self._secret:
            return False
        if any(packed in text for packed in self._packed):
            return True
        text = text.lower()
        return self._secret in text or self._secret in _decoded(text)

    def finds_in_query(self, query: str) -> bool:
        """Say whether a query holds the secret, even inside a cursor, which is base64."""
        texts = [query]
        for packed in _BASE64.findall(unquote(query)):
            padded = packed.replace("-", "+").replace("_", "/") + "=" * (-len(packed) % 4)
            with contextlib.suppress(ValueError):
                texts.append(base64.b64decode(padded).decode("latin-1"))
        return any(map(self.finds, texts))

    def __call__(self, text: str) -> str:
        """Return the text without the secret."""
        # most texts do not contain it, and searching is far cheaper than replacing
        if not self.finds(text):
            return text
        return _BASE64.sub(self._unpacked, self._spellings.sub(MASK, text))

    def _unpacked(self, run: re.Match[str]) -> str:
        return MASK if any(packed in run[0] for packed in self._packed) else run[0]


def _spellings(letter: str) -> str:
    code = f"{ord(letter):02x}"
    slash = r"|\\/" if letter == "/" else ""
    escapes = f"\\\\u00{code}|%(?:25)*{code}|&#0*{ord(letter)};|&#x0*{code};"
    return f"(?:{re.escape(letter)}|{escapes}{slash})"


def _decoded(text: str) -> str:
    """Return a text in lower case, with the escapes of JSON, HTML and addresses undone."""
    unescaped = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/")
    once = unquote(re.sub("%(?:25)+", "%", unescaped))
    return (html.unescape(once) if "&#" in once else once).lower()


def _packed(secret: str) -> set[str]:
    """Return texts of which one occurs in any base64 of the secret, at whatever offset."""
    if len(secret) < _SHORTEST_PACKED:
        return set()
    plain = secret.encode()
    found = set()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + plain).decode()
        inner = whole[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return found
