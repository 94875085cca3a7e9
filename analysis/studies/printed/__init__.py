"""The printed tables of the studies: their content, and the formats they are written in."""
