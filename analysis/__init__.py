"""The two studies on the exported marts, and what they are built from."""
