"""The dataset card, with one configuration per table, and the data dictionary."""

from __future__ import annotations

from huggingface_hub import DatasetCard, DatasetCardData

from analysis.publish.facts import Facts

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"),
         (10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"))  # fmt: skip
"""The Hub's classes of size: fewer rows than this in all tables together."""

HIDDEN = """
Owners' handles are replaced by salted hashes, the same in all tables and in claimed parents; so are
the Hub's ids of repositories, and words in the names of repositories that are somebody's handle.
**This is not anonymity.** The other words of these names are not hidden (they are often unique, and
sometimes a handle is run together with others), nor are creation times to the second, counters,
licences, tasks and the shape of the lineage: with a public listing of the Hub, most repositories
can be found again. A claimed parent that is not written `owner/name` is replaced as a whole.
Results of the studies are left out.
"""
OPEN = """
Owners are public handles of people and organisations, as the Hub shows them. If that is too much,
ask for a copy with hashed owners.
"""
BODY = """
# {title}

{summary}

Who builds on whom in the open-model ecosystem, who came first, how crowded it was, and which
models change the course: tables made from public metadata of the Hugging Face Hub by
[hub_lineage](CITATION.cff), version {version}. Every number depends on the snapshot alone, not on
the clock or on chance.

| table | one row per | rows |
| --- | --- | ---: |
{tables}

Columns, units and what null means: [DICTIONARY.md](DICTIONARY.md).

## Reading it

```python
from datasets import load_dataset

edges = load_dataset("{repository}", "lineage_edges", split="train")
```

```python
import duckdb
from huggingface_hub import HfFileSystem

duckdb.register_filesystem(HfFileSystem())
duckdb.sql("from 'hf://datasets/{repository}/data/lineage_edges.parquet' limit 5")
```

With the software, `hub_lineage.marts("lineage_edges", "hf://datasets/{repository}")` is the same,
and `pandas.read_parquet("hf://datasets/{repository}/data/families.parquet")` works as well.
In a downloaded folder:

```sh
duckdb -c "from 'data/lineage_edges.parquet' limit 5"
```

```sh
duckdb -init sql/open.sql    # in this folder: views on all tables, and the studies' variables
```

`sql/` holds the query behind each published number: `models/` (how each table is made),
`questions/`, `figures/`, `claims/` and `specifications/` (the rows of each regression); all but
`models/` run after `open.sql`{where}.
`croissant.json` and `datapackage.json` describe the same files to machines;
`sha256sum --check checksums.sha256` checks them.

## Limits

* Lineage is what metadata declares; parents that nobody declared are missing, and not at random.
* `created_at` is when a repository was created, mostly before its release. Models from before
  2022-03-03 share one back-filled date, and have no rank, crowding or index.
* Models deleted before the snapshot are not in it. `downloads` counts requests of the last 30
  days, not people. Everything is an association.

## Persons
{privacy}
## Licence and citation

Licence of the data: `{licence}`.{attribution} The software is under Apache-2.0; cite it with
[CITATION.cff](CITATION.cff) and name the snapshot `{snapshot_id}`. SHA-256 of the tables as built:
`{content_hash}`.
"""


def card(facts: Facts) -> str:
    """README.md: YAML for the Hub, and text for people."""
    n_rows = sum(table.n_rows for table in facts.tables)
    size = next((name for bound, name in SIZES if n_rows < bound), "n>1T")
    data = DatasetCardData(
        pretty_name=facts.title,
        license=facts.licence,
        language=None,
        size_categories=[size],
        tags=["lineage", "hugging-face-hub", "disruption-index", "metadata", facts.scope],
        configs=[
            {
                "config_name": table.mart.name,
                "data_files": [{"split": "train", "path": f"data/{table.path.name}"}],
                **({"default": True} if table.mart.name == "hub_models" else {}),
            }
            for table in facts.tables
        ],
    )
    lines = [
        f"| `{table.mart.name}` | {', '.join(table.mart.grain)} | {table.n_rows:,} |"
        for table in facts.tables
    ]
    body = BODY.format(
        title=facts.title,
        summary=facts.summary,
        version=facts.version,
        tables="\n".join(lines),
        where="; `results/` holds the studies' own tables" if facts.results else "",
        privacy=HIDDEN if facts.are_owners_hashed else OPEN,
        licence=facts.licence,
        attribution=f" {facts.attribution}." if facts.attribution else "",
        snapshot_id=facts.snapshot_id,
        content_hash=facts.content_hash,
        repository=facts.repository,
    )  # fmt: skip
    return str(DatasetCard(f"---\n{data.to_yaml()}\n---\n{body}"))


def dictionary(facts: Facts) -> str:
    """DICTIONARY.md: every column of every table, from the YAML of the dbt models."""
    lines = ["# Data dictionary", "", facts.summary]
    for table in facts.tables:
        mart = table.mart
        grain = f"One row per {', '.join(mart.grain)}; {table.n_rows:,} rows."
        lines += ["", f"## {mart.name}", "", mart.description, "", grain, ""]
        lines += ["| column | type | can be null | meaning |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{column.name}` | {column.type} | {'yes' if column.is_nullable else 'no'} | "
            f"{column.description.replace('|', chr(92) + '|')} |"
            for column in mart.columns
        ]
    return "\n".join(lines) + "\n"
