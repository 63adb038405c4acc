# ATrISys: every habit is one command. `make demo` and `make test` are all that a newcomer needs.

# Most commands are processes of their own, which would read all of the source anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCKED := install -q --require-hashes
CLIENTS := 2.3.4 3.1.0 4.3.0
# Two tests at a time; a file's tests stay together, so that what they share is made once.
PYTEST := $(BIN)/python -m pytest -p tools.one_database_each -n $(or $(workers),2) --dist loadfile -rsfE

PAGE := src/atrisys/web_page/index.html
PAGE_SOURCES := $(shell find web -type f -not -path '*/node_modules/*')

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: help setup demo serve test test-web test-long test-browser chromium test-postgis screens check locked lint types web-types imports docs-fresh client-fresh client \
	fix docs \
	migration bench clients lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1	\2/p' Makefile | while IFS='	' read -r name words; do \
		printf '  make %-14s %s\n' "$$name" "$$words"; done

# --- setting up ------------------------------------------------------------------------------------------------------

setup: $(VENV)/.dev $(PAGE) ## everything that developing needs, in .venv, and the web page

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "ATrISys needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments (on Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing what ATrISys needs into $(VENV) (a minute or two the first time) …"
	@$(PIP) $(LOCKED) -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing what ATrISys and its tests need into $(VENV) (a minute or two the first time) …"
	@$(PIP) $(LOCKED) -r requirements/dev.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@$(PIP) check
	@touch $(VENV)/.runtime $@

web/node_modules/.ready: web/package-lock.json web/.npmrc tools/npm.sh requirements/node.txt | $(BIN)/python
	@echo "Installing what the web page is built with into web/node_modules …"
	@sh tools/npm.sh ci --silent
	@touch $@

$(PAGE): $(PAGE_SOURCES) web/node_modules/.ready
	@echo "Building the web page …"
	@sh tools/npm.sh run --silent build
	@touch $@

# --- running ---------------------------------------------------------------------------------------------------------

demo: $(VENV)/.runtime $(PAGE) ## ATrISys with a demo project (port=8000)
	@$(BIN)/atrisys demo $(if $(port),--port $(port))

serve: $(VENV)/.runtime $(PAGE) ## the server on ./data (port=8000)
	@$(BIN)/atrisys serve $(if $(port),--port $(port))

# --- testing (only=tests/… picks tests) ------------------------------------------------------------------------------

test: locked clients chromium $(if $(only),,test-web) ## all tests but the long ones, on SQLite
	@$(PYTEST) $(only)

test-web: setup ## the web page's own small tests
	@sh tools/npm.sh run --silent test

test-long: locked clients chromium ## what takes long: fuzzing, restarts, walks through the web page
	@$(PYTEST) -m 'long or browser' $(only)

test-browser: setup chromium ## the walks through the web page alone
	@$(PYTEST) -m browser $(or $(only),tests/web)

chromium:
	@sh tools/chromium.sh

# The import rule keeps the database from these floors: nothing can drift there.
WITHOUT_DATABASE := --ignore=tests/exports --ignore=tests/geometry --ignore=tests/imaging

test-postgis: locked clients ## the tests of `make test` that know a database, on PostgreSQL with PostGIS
	@$(BIN)/python tools/postgis.py --install $(PYTEST) $(or $(only),$(WITHOUT_DATABASE))

clients: $(CLIENTS:%=.clients/%/.ready) .clients/javascript/.ready ## the official clients, each in its own environment

.clients/%/.ready: requirements/client-%.txt requirements/client-build.txt tools/client.sh | $(BIN)/python
	@sh tools/client.sh $* $(BIN)/python

.clients/javascript/.ready: requirements/client-javascript/package-lock.json tools/client_javascript.sh | $(BIN)/python
	@sh tools/client_javascript.sh

screens: setup chromium ## pictures of every page for docs/screens.md
	@PYTHONPATH=tests $(BIN)/python -m tools.screens $(folder)

bench: setup clients ## measure; the figures go to bench/RESULTS.md
	@$(BIN)/python -m bench

# --- keeping it clean ------------------------------------------------------------------------------------------------

check: locked lint types client-fresh web-types imports docs-fresh ## style, types, the import rule, and docs that name everything

locked: setup
	@$(BIN)/python tools/check_lock.py

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: setup
	@$(BIN)/basedpyright

client-fresh: setup
	@$(BIN)/python -m tools.client

web-types: setup
	@sh tools/npm.sh run --silent types

imports: setup
	@$(BIN)/lint-imports

docs-fresh: setup
	@$(BIN)/python -m tools.check_docs

fix: setup ## format, and mend what can be mended
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: setup ## write anew what docs/ says about routes
	@$(BIN)/python -m tools.check_docs --write

client: setup ## write anew what the web page knows of the API's objects
	@$(BIN)/python -m tools.client --write

migration: setup ## a new step for the database: make migration m="what changes"
	@test -n '$(m)' || { echo 'Say what changes: make migration m="annotations remember their source"'; exit 1; }
	@$(BIN)/python tools/migration.py '$(m)'

COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --system-certs --custom-compile-command 'make lock' $(if $(upgrade),--upgrade)

lock: | $(VENV)/.dev ## lock the dependencies anew (upgrade=1: to their newest versions)
	@$(COMPILE) pyproject.toml -o requirements/runtime.txt
	@$(COMPILE) pyproject.toml --extra cluster --extra postgres --group dev --group build -c requirements/runtime.txt -o requirements/dev.txt
	@$(COMPILE) --group build -c requirements/dev.txt -o requirements/build.txt
	@$(COMPILE) --group node -o requirements/node.txt
	@printf '%s\n' 'setuptools<81' wheel pytest-runner | $(COMPILE) - -o requirements/client-build.txt
	@for v in $(CLIENTS); do { echo "cytomine-python-client==$$v"; grep -oE '^pillow==[^ ]+' requirements/runtime.txt; } \
		| $(COMPILE) - -o requirements/client-$$v.txt || exit 1; done

clean: ## remove all environments and caches (never ./data)
	@rm -rf $(VENV) .clients .ruff_cache .import_linter_cache .hypothesis dist build web/node_modules src/atrisys/web_page
