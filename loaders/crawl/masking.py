"""The token taken out of what a service sends back, however it is spelt there."""

import base64
import contextlib
import re
from urllib.parse import unquote

MASK = "***"

_ESCAPED = re.compile(r"\\u00([2-7][0-9a-f])")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")


class Mask:
    """Finds one secret in foreign text and puts `***` in its place.

    The secret is known in any case (a host name loses it), with JSON's escapes, and
    percent-encoded. An empty secret is found nowhere.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.lower()
        self._spellings = re.compile("".join(map(_spellings, secret)), re.IGNORECASE)

    def finds(self, text: str) -> bool:
        """Say whether the text holds the secret."""
        if not self._secret:
            return False
        text = text.lower()
        return self._secret in text or self._secret in _decoded(text)

    def finds_in_query(self, query: str) -> bool:
        """Say whether a query holds the secret, be it inside a cursor, which is base64."""
        texts = [query]
        for packed in _BASE64.findall(unquote(query)):
            padded = packed.replace("-", "+").replace("_", "/") + "=" * (-len(packed) % 4)
            with contextlib.suppress(ValueError):
                texts.append(base64.b64decode(padded).decode("latin-1"))
        return any(map(self.finds, texts))

    def __call__(self, text: str) -> str:
        """Return the text without the secret."""
        # most texts are free of it, and looking is far cheaper than replacing
        return self._spellings.sub(MASK, text) if self.finds(text) else text


def _spellings(letter: str) -> str:
    code = f"{ord(letter):02x}"
    slash = r"|\\/" if letter == "/" else ""
    return f"(?:{re.escape(letter)}|\\\\u00{code}|%{code}{slash})"


def _decoded(text: str) -> str:
    """Return a text in lower case with JSON's escapes and those of addresses undone."""
    unescaped = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/")
    return unquote(unescaped).lower()
