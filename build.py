"""The door to `hub_lineage.build`: `python build.py --help`."""

import sys

from hub_lineage.build import main

if __name__ == "__main__":
    sys.exit(main())
