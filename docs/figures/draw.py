"""Draws the README's figure from the marts: `python docs/figures/draw.py EXPORTS [FOLDER]`."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "disruptive_share_by_window.svg"


def main(exports: str, folder: str | Path = HERE) -> int:
    # A script has its own folder on the path, and not the project's.
    sys.path.insert(0, str(HERE.parents[1]))
    from analysis.figures import FIGURES, write_figures

    with tempfile.TemporaryDirectory() as results:
        drawn = Path(results) / "figures" / NAME
        figure = next(one for one in FIGURES if one.name == drawn.stem)
        [(_, _, reason)] = write_figures(results, exports, [figure])
        if reason:
            print(f"error: {NAME} cannot be drawn: {reason}", file=sys.stderr)
            return 1
        # As an image it knows nothing of the page around it: it brings its own paper.
        text = drawn.read_text("utf-8").replace('style="', 'style="background:#ffffff;', 1)
    (Path(folder) / NAME).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
