"""build.py, to which any two snapshots are a long history: it reads one after the other."""

from hub_lineage import build

build.ITEMS_AT_ONCE = 1
main = build.main
