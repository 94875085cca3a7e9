"""Checks at once, and not only after all retries, whether a service can be reached at all."""

import socket
import threading
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from huggingface_hub import constants

from hub_lineage.errors import UnavailableError, UsageError

LONGEST = 1.5
"""Seconds that a connection may take, including the look-up of the name."""

_PORTS = {"http": 80, "https": 443}


def check_reachable(endpoint: str) -> None:
    """Raise UnavailableError unless the service, or the proxy before it, accepts a connection.

    UsageError if the client is set to stay offline.
    """
    if constants.HF_HUB_OFFLINE:
        raise UsageError("HF_HUB_OFFLINE is set: unset it to ask the Hub")
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(host):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    port = parts.port or _PORTS.get(parts.scheme, 1080)
    failed = _failure(parts.hostname or host, port)
    if failed:
        raise UnavailableError(
            f"{host} cannot be reached ({failed}); without a network: `python -m loaders fake-hub` "
            "serves a made-up Hub on this machine, `python -m loaders import` lands files"
        )


def _failure(host: str, port: int) -> str | None:
    """Why a connection fails; None if it succeeds."""
    # A look-up has no time limit of its own, so its thread is abandoned if it takes too long.
    problem = [f"no answer within {LONGEST} s"]

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=LONGEST).close()
            problem.clear()
        except (OSError, UnicodeError) as error:
            problem[0] = getattr(error, "strerror", None) or str(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(LONGEST)
    return problem[0] if problem else None
