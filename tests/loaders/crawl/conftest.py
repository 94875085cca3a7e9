"""Fixtures of the crawler's tests: a fake Hub, a landing, and crawls of the one into the other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crawls import Outcome, run_here
from huggingface_hub import close_session, constants

from loaders.crawl import pacing
from loaders.simulator.fake_faults import Fault
from loaders.simulator.fake_hub import FakeHub
from loaders.simulator.fake_models import Models


@pytest.fixture(autouse=True)
def _no_token_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HUB_LANDING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    yield
    close_session()


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A landing that does not exist yet."""
    return tmp_path / "landing"


@pytest.fixture
def hub() -> Iterator[Callable[..., FakeHub]]:
    """Start a fake Hub: `hub(2_500, faults=["stall@2"])`."""
    started: list[FakeHub] = []

    def _hub(models: int | Models = 2_500, *, faults: tuple[str, ...] = (), **options) -> FakeHub:
        made = models if isinstance(models, Models) else Models(models)
        one = FakeHub(made, faults=[Fault.parsed(text) for text in faults], **options)
        started.append(one.__enter__())
        return one

    yield _hub
    for one in started:
        one.__exit__()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no time pass while the crawl waits; returns the naps it would have taken."""
    naps: list[float] = []
    monkeypatch.setattr(pacing, "sleep", naps.append)
    return naps


@pytest.fixture
def crawl(landing: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Crawl a fake Hub in this process, 100 models a page and 3 pages a part unless told."""

    def _crawl(service: FakeHub, *arguments: object, small: bool = True) -> Outcome:
        sizes = ["--page-size", "100", "--pages-per-part", "3"] if small else []
        command = ["crawl", "--endpoint", service.url, "--landing", landing, *sizes, *arguments]
        return run_here(capsys, *command)

    return _crawl


@pytest.fixture
def command(landing: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run another command on the landing, in this process."""

    def _command(name: str, *arguments: object) -> Outcome:
        return run_here(capsys, name, *arguments, "--landing", landing)

    return _command
