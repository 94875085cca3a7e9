"""The door to `analysis.report`: `python -m report --help`."""

import sys

from analysis.report.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
