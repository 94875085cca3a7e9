"""The tables of the studies in words: what each says, and the formats it is written in."""
