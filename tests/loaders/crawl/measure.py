"""The crawl's figures, by hand, from the top of the repository.

    PYTHONPATH=. python tests/loaders/crawl/measure.py --models 1000000 --build

First, what landing costs a page. Then a fake Hub in a process of its own is crawled, and walked by
a plain loop over `HfApi.list_models` that writes the same fields to Parquet; last, what was crawled
is built.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from loaders.crawl.listing import LINEAGE_FIELDS
from loaders.landing.growing import GrowingSnapshot, State
from loaders.landing.slicing import slice_page
from loaders.simulator.fake_models import Models

ROOT = Path(__file__).resolve().parents[3]

PLAIN_LOOP = """
import json, sys
import duckdb
from huggingface_hub import HfApi
from loaders.crawl.listing import LINEAGE_FIELDS
endpoint, folder = sys.argv[1:]
# what the client calls the fields it does not spell as the Hub does
NAMES = {"baseModels": "base_models", "cardData": "card_data", "createdAt": "created_at",
    "downloadsAllTime": "downloads_all_time", "lastModified": "last_modified",
    "trendingScore": "trending_score"}
connection = duckdb.connect()
columns = ["id", *LINEAGE_FIELDS]
def write(rows, number):
    connection.execute("COPY (SELECT " + ", ".join(f'unnest(${n}::VARCHAR[]) AS "{name}"'
        for n, name in enumerate(columns, 1)) + f") TO '{folder}/{number:05d}.parquet' "
        "(FORMAT parquet, COMPRESSION zstd)", [list(column) for column in zip(*rows)])
def text(value):
    return value if value is None or isinstance(value, str) else json.dumps(
        value, default=lambda other: getattr(other, "__dict__", None) or str(other))
rows, files = [], 0
api = HfApi(endpoint=endpoint, token=False)
for model in api.list_models(sort="created_at", expand=list(LINEAGE_FIELDS)):
    rows.append([model.id, *(text(getattr(model, NAMES.get(name, name), None))
        for name in LINEAGE_FIELDS)])
    if len(rows) == 20_000:
        write(rows, files)
        rows, files = [], files + 1
if rows:
    write(rows, files)
"""


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command; return its seconds, its processor seconds and its peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[1:4]} failed")
    seconds = time.perf_counter() - began
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def size_of(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 1e6


def build(folder: Path) -> None:
    """Build the marts of what was crawled, with all checks, as `make build` does."""
    environment = {
        "HUB_LANDING": str(folder / "crawl"),
        "HUB_DATABASE": str(folder / "crawl.duckdb"),
        "HUB_EXPORTS": str(folder / "exports"),
    }
    seconds, processor, memory = measured([sys.executable, "build.py"], environment)
    print(f"build: {seconds:.1f} s ({processor:.1f} s of them its own work), peak {memory:.0f} MB")


def compare(models: int, folder: Path) -> None:
    serve = [sys.executable, "-m", "loaders", "fake-hub", "--models", str(models)]
    service = subprocess.Popen(
        [*serve, "--quota", "1000000"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        url = service.stdout.readline().strip().partition("=")[2]
        quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONPATH": str(ROOT)}
        runs = {
            "crawl": [sys.executable, "-m", "loaders", "crawl", "--endpoint", url, "--no-token",
                      "--landing", str(folder / "crawl")],
            "plain loop": [sys.executable, "-c", PLAIN_LOOP, url, str(folder / "plain loop")],
        }  # fmt: skip
        (folder / "plain loop").mkdir()
        seconds = {}
        for name, command in runs.items():
            seconds[name], processor, memory = measured(command, quiet)
            print(
                f"{name}: {models / seconds[name]:,.0f} models a second, {seconds[name]:.1f} s "
                f"({processor:.1f} s of them its own work), peak {memory:.0f} MB, "
                f"{size_of(folder / name) * 1e6 / models:.1f} MB per million models"
            )
        print(f"the crawl is {seconds['plain loop'] / seconds['crawl']:.2f} times as fast")
    finally:
        service.terminate()
        service.wait()


def price_of_landing(folder: Path, pages: int = 200) -> None:
    """What a page of 1,000 models costs beside its request."""
    models = Models(1_000_000)
    texts = [
        "[" + ",".join(models.item(1_000 * k + n, LINEAGE_FIELDS) for n in range(1_000)) + "]"
        for k in range(0, 1_000, 50)
    ]
    snapshot = GrowingSnapshot.start(folder / "price")
    spent = {"slice": 0.0, "keep": 0.0, "part": 0.0}
    state = State("", "", "", "", "", "")
    for page in range(pages):
        began = time.perf_counter()
        items = slice_page(texts[page % len(texts)])
        sliced = time.perf_counter()
        snapshot.add_page(page, list(enumerate(items)), datetime(2026, 1, 1))
        kept = time.perf_counter()
        if page % 20 == 19:
            snapshot.commit(state)
            snapshot.write_manifest("running")
        spent["slice"] += sliced - began
        spent["keep"] += kept - sliced
        spent["part"] += time.perf_counter() - kept
    snapshot.close()
    each = {name: 1e3 * seconds / pages for name, seconds in spent.items()}
    told = ", ".join(f"{name} {milliseconds:.1f}" for name, milliseconds in each.items())
    print(f"landing a page of 1,000: {sum(each.values()):.1f} ms ({told})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--build", action="store_true", help="build what was crawled, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        price_of_landing(Path(name))
        compare(arguments.models, Path(name))
        if arguments.build:
            build(Path(name))
