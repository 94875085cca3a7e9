"""The door to `hub_lineage.spark`: `python -m spark --help`."""

import sys

from hub_lineage.spark.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
