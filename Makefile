# Every rule sets up what it needs, from the hashed locks, and is quick and offline the second time.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := demo-archive
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet pyproject.toml --group build

# A worker a processor. Each takes tests in their order, so that a module's fixtures are made once or twice.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist worksteal

.PHONY: help demo room test long check roads tables reference notebook site lock bench crash pywb soak clean
.DEFAULT_GOAL := help

help:  ## what can be made
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST)

demo: $(VENV)/core.stamp  ## read the pages in samples/ into a new archive, and ask it
	@rm -rf $(DEMO)
	$(BIN)/scrapy crawl post -a source=samples -s ARCHIVE_DIR=$(DEMO) -L WARNING
	$(BIN)/scrapy crawl postkhmer -a source=samples -s ARCHIVE_DIR=$(DEMO) -L WARNING
	$(BIN)/postscraper stats --archive $(DEMO)
	$(BIN)/postscraper search ferry --limit 2 --archive $(DEMO)
	$(BIN)/postscraper search ភូមិ --limit 2 --archive $(DEMO)
	$(BIN)/postscraper show /national/river-clinic-opens-koh-thom --archive $(DEMO)
	@echo
	@echo "To read it in a browser:  make room"
	@echo
	@echo "Next, in this archive or in one of your own:"
	@echo "  . $(BIN)/activate"
	@echo "  postscraper search 'rice -ferry' --sort newest --archive $(DEMO)"
	@echo "  postscraper --help"
	@echo "  docs/tutorial.md asks it five questions of a researcher"
	@echo "  scrapy crawl post -a section=national -a limit=20 -s CONTACT=you@example.org"

room: $(VENV)/dev.stamp  ## read the demo's archive in a browser
	@test -d $(DEMO) || $(MAKE) --no-print-directory demo
	$(BIN)/postscraper serve --archive $(DEMO)

test: $(VENV)/dev.stamp  ## run the tests
	$(PYTEST)

long: $(VENV)/dev.stamp  ## run the tests that wait, kill and repeat
	$(PYTEST) -m long

check: $(VENV)/dev.stamp  ## every gate: format, lint, types, imports, tests
	@echo "== format"
	@$(BIN)/ruff format --check .
	@echo "== lint"
	@$(BIN)/ruff check .
	@echo "== types"
	@$(BIN)/mypy
	@echo "== imports"
	@$(BIN)/lint-imports
	@echo "== tests"
	@$(PYTEST)

roads: $(VENV)/dev.stamp  ## draw the map in CONTRIBUTING.md from the imports
	$(BIN)/python -m docs.roads

tables: $(VENV)/dev.stamp  ## write docs/tables.md from the docstrings of the tables
	$(BIN)/python -m docs.tables

reference: tables  ## write docs/reference/ from the code
	$(BIN)/python -m docs.reference

notebook: $(VENV)/dev.stamp demo  ## run docs/notebook.ipynb on the demo's archive, and keep what it prints
	$(BIN)/python -m docs.notebook

site: $(VENV)/dev.stamp  ## build the documentation as a site, in site/; a broken link ends it
	$(BIN)/zensical build --clean --strict

crash: $(VENV)/dev.stamp  ## kill the program, cut its power, fill its disk: N=2000 for more
	$(BIN)/python -m tests.crash

bench: $(VENV)-bench/stamp  ## measure reading, writing and start-up beside other programs
	$(VENV)-bench/bin/python -m benchmarks

soak: $(VENV)-bench/stamp  ## crawl 10,000 pages over loopback, a few of them hostile, and watch the memory
	$(VENV)-bench/bin/python -m benchmarks.soak

pywb: $(VENV)/dev.stamp $(VENV)-pywb/stamp  ## what needs pywb: it replays what a crawl keeps, and stands in for other archives
	POSTSCRAPER_PYWB=$(abspath $(VENV)-pywb/bin) $(BIN)/python -m pytest -m pywb

lock: $(VENV)/dev.stamp  ## resolve the dependencies anew; look at the diff
	$(PIP) uv
	$(BIN)/$(LOCK) --upgrade -o requirements.lock
	$(BIN)/$(LOCK) --upgrade -c requirements.lock --all-extras --group test --group lint --group docs -o requirements-dev.lock
	$(BIN)/$(LOCK) --upgrade --all-extras --group bench -o requirements-bench.lock
	$(BIN)/$(filter-out pyproject.toml --group build,$(LOCK)) --upgrade --group pyproject.toml:pywb -o requirements-pywb.lock
	! grep -n '://' requirements*.lock

clean:  ## remove the environment, the demo's archive and what tools left
	rm -rf $(VENV) $(VENV)-bench $(VENV)-pywb $(DEMO) dist build site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name it with make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is not whole; run: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A lock names all that is needed: --no-deps keeps pip from resolving it again.
# Hatchling is in the locks, so that building the project asks the network for nothing.
$(VENV)/core.stamp: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes --no-deps -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q postscraper storage
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/core.stamp
	$(PIP) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

# Of its own: the programs that are measured beside this one ask for older versions of what the tests use.
$(VENV)-bench/stamp: requirements-bench.lock pyproject.toml | $(BIN)/python
	$(PYTHON) -m venv $(VENV)-bench
	$(subst $(VENV)/,$(VENV)-bench/,$(PIP)) --require-hashes --no-deps -r requirements-bench.lock
	$(subst $(VENV)/,$(VENV)-bench/,$(PIP)) --no-deps --no-build-isolation --editable .
	@touch $@

# Of its own: pywb asks for versions that are years old.
$(VENV)-pywb/stamp: requirements-pywb.lock | $(BIN)/python
	$(PYTHON) -m venv $(VENV)-pywb
	$(subst $(VENV)/,$(VENV)-pywb/,$(PIP)) --require-hashes --no-deps -r requirements-pywb.lock
	@touch $@
