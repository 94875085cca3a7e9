# Each target is an alias of the plain command under it. Variables can be given as make variables or
# in the environment: HUB_LANDING, HUB_DATABASE, HUB_EXPORTS, HUB_RESULTS,
# HUB_SITE; for Spark HUB_SPARK_WAREHOUSE, HUB_SPARK_MASTER, HUB_SPARK_REMOTE, HUB_FILE_FORMAT.
.DEFAULT_GOAL := help
.PHONY: help environment build study calibrate report test browser proof lint bench docs sample crawl hub lock clean parity cluster lake licences

PYTHON ?= python3
BIN := .venv/bin
# Relative paths start from this folder.
export HUB_LANDING ?= $(CURDIR)/sample
export HUB_DATABASE ?= $(CURDIR)/hub_lineage.duckdb
export HUB_EXPORTS ?= $(CURDIR)/exports
export HUB_RESULTS ?= $(CURDIR)/results
export HUB_SITE ?= $(CURDIR)/site

# Where crawls and dumps go when HUB_LANDING is not set, to keep them out of the sample.
ifeq ($(origin HUB_LANDING),file)
CRAWLED := $(CURDIR)/hub_landing
else
CRAWLED := $(HUB_LANDING)
endif
HUB := HUB_LANDING="$(CURDIR)/hub_landing" HUB_DATABASE="$(CURDIR)/hub.duckdb" HUB_EXPORTS="$(CURDIR)/hub_exports"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

environment: .venv/installed-checks ## install everything, for the checks, into .venv

# An environment of pinned packages, by uv where it is installed: `$(call install,.venv,requirements/build.txt)`.
UV := $(shell command -v uv)
ifdef UV
create = $(UV) venv --quiet --allow-existing --python $(PYTHON) $(1)
install = $(UV) pip install --quiet --python $(1) --requirement $(2)
else
create = $(PYTHON) -m venv $(1)
install = $(1)/bin/pip install --quiet --disable-pip-version-check --requirement $(2)
endif

.PRECIOUS: .venv/bin/python
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: Python 3.11 or newer is needed; set PYTHON=python3.11" >&2; exit 2; }
	$(call create,.venv)

# Each command installs what it needs and nothing else: build, studies, report, publish or checks.
.venv/installed-%: requirements/%.txt | .venv/bin/python
	$(call install,.venv,$<)
	@touch $@

build: .venv/installed-build ## build and test the marts, then export them as Parquet
	@$(BIN)/python build.py $(ARGUMENTS)

study: .venv/installed-studies ## estimate both studies on the exports: tables, figures, claims in HUB_RESULTS
	@test -f "$(HUB_EXPORTS)/recognition_panel.parquet" || $(BIN)/python build.py
	@$(BIN)/python -m analysis variants
	@$(BIN)/python -m analysis run $(ARGUMENTS)

calibrate: .venv/installed-studies ## how often estimates and verdicts err where the truth is known
	@$(BIN)/python -m analysis calibrate $(ARGUMENTS)

lint: check-python check-types check-yaml check-sql ## lint Python, SQL and metadata
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q tests/conventions

test: .venv/installed-checks ## every fast check; ends with pytest's closing line
	$(MAKE) --no-print-directory --jobs 2 check-sql check-python check-types check-yaml check-project
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not slow and not browser'

# Each of these keeps one core busy, so `make test` runs two at a time, the longest first.
.PHONY: check-python check-types check-yaml check-sql check-project

check-python: .venv/installed-checks
	$(BIN)/ruff check .

check-types: .venv/installed-checks
	$(BIN)/mypy

check-yaml: .venv/installed-checks
	$(BIN)/yamllint --strict .

check-sql: .venv/installed-checks
	$(BIN)/sqlfluff lint --processes 1 --disable-progress-bar models tests analysis

check-project: .venv/installed-checks
	HUB_LANDING=$(CURDIR)/sample $(BIN)/dbt --no-partial-parse build --target memory --target-path target/memory

browser: .venv/installed-checks ## the report in headless Chromium: errors, requests, keyboard, axe, shape, print, pictures
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m browser

proof: .venv/installed-checks ## the slow proofs, which `make test` leaves out
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m 'slow and not browser'

# Spark has an environment of its own: pyspark is 0.5 GB, and nothing else needs it.
.venv-spark/installed: requirements/spark.txt
	$(call create,.venv-spark)
	$(call install,.venv-spark,$<)
	@touch $@

parity: ## build two landings on DuckDB and on Spark, compare the marts row by row (needs Java 17)
	@if command -v "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" >/dev/null; then \
		$(MAKE) --no-print-directory parity-with-java; \
	else \
		echo "parity is skipped: Spark needs Java 17 or newer" \
			"(on Debian: apt install openjdk-17-jre-headless)"; \
	fi

.PHONY: parity-with-java
parity-with-java: .venv-spark/installed
	.venv-spark/bin/python -m pytest tests/parity

# DuckDB looks for extensions in the home folder, where its own `install` puts them.
.venv-lake/installed: requirements/lake.txt
	$(call create,.venv-lake)
	$(call install,.venv-lake,$<)
	for file in .venv-lake/lib/python*/site-packages/duckdb_extension_*/extensions/*/*; do \
		.venv-lake/bin/python -c 'import duckdb, sys; duckdb.install_extension(sys.argv[1], force_install=True)' \
			"$$file" || exit 1; \
	done
	@touch $@

licences: .venv/installed-checks ## the licence of every installed package, and which part of the project needs it
	@$(BIN)/python -m hub_lineage.licences

lake: .venv/installed-checks .venv-lake/installed ## build the marts in a DuckLake that others read and write, compare them
	$(BIN)/python -m pytest tests/lake

cluster: .venv-spark/installed ## build on a Spark cluster on this machine, kill a worker, compare with DuckDB
	.venv-spark/bin/python -m bench.cluster --kill $(ARGUMENTS)

bench: .venv/installed-build .venv-bench/installed ## measure the build beside its floor and other tools; writes docs/benchmark.md
	$(BIN)/python -m bench --page docs/benchmark.md $(ARGUMENTS)

# The tools that are compared with ours have an environment of their own.
.venv-bench/installed: requirements/bench.txt
	$(call create,.venv-bench)
	$(call install,.venv-bench,$<)
	@touch $@

docs: .venv/installed-build ## the dbt docs site as one file: target/static_index.html
	@test -f "$(HUB_DATABASE)" || $(BIN)/python build.py
	$(BIN)/dbt docs generate --static

report: .venv/installed-report ## the report as a folder: site/index.html (marts and studies first, if missing)
	@test -f "$(HUB_EXPORTS)/hub_models.parquet" || $(BIN)/python build.py
	@test -f "$(HUB_RESULTS)/manifest.json" || $(BIN)/python -m analysis run
	@$(BIN)/python -m report $(ARGUMENTS)

crawl: .venv/installed-build ## crawl the Hub into HUB_LANDING (hub_landing/), or go on with the unfinished crawl
	@$(BIN)/python -m loaders crawl --landing "$(CRAWLED)" $(ARGUMENTS)

hub: .venv/installed-build ## the Hub as it is now: its daily dump into hub_landing/, its marts into hub_exports/
	@$(BIN)/python -m loaders dump --landing "$(CURDIR)/hub_landing" $(ARGUMENTS)
	@$(HUB) $(BIN)/python build.py

sample: .venv/installed-build ## write the sample landing anew
	$(BIN)/python -m loaders sample --landing sample --replace

# One resolution for all groups that share .venv; Spark takes the same versions, the others have their own.
COMPILE = uv pip compile --quiet --no-strip-extras --generate-hashes --no-header --annotation-style line
ALL := --extra studies --extra report --extra publish --group checks

lock: ## pin every version anew, with hashes, from pyproject.toml (needs uv)
	$(COMPILE) --upgrade --output-file requirements/checks.txt pyproject.toml $(ALL)
	for group in build studies report publish; do \
		cp requirements/checks.txt requirements/$$group.txt; \
		$(COMPILE) --output-file requirements/$$group.txt pyproject.toml \
			$$([ $$group = build ] || echo --extra $$group) || exit 1; \
	done
	$(COMPILE) --upgrade --constraint requirements/checks.txt --output-file requirements/spark.txt \
		pyproject.toml --extra spark --group parity
	$(COMPILE) --upgrade --output-file requirements/bench.txt --group bench
	$(COMPILE) --upgrade --output-file requirements/lake.txt --group lake

clean: ## remove what builds and tests leave behind
	rm -rf target logs exports results site spark-warehouse hub_lineage.duckdb .hub_lineage.duckdb.building
