# Assay: `make demo` to try it, `make test` to test it, `make check` before every commit.
# What is installed is pinned, with hashes, in requirements.lock and requirements-dev.lock.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
LMS_PORT ?= 8001
LMS_PROFILE ?=
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset serve test test-fast check format lock bench bench-page bench-credentials bench-queue bench-roster bench-scores bench-souvenirs bench-stacks bench-status bench-upload install install-dev clean

help:
	@echo "make demo        try Assay: tool, practice LMS and worker (make demo-reset starts over)"
	@echo "                 … LMS_PROFILE=moodle: the LMS behaves as Moodle, Canvas or Brightspace"
	@echo "make test        everything: SQLite, PostgreSQL, browser, outside verifiers"
	@echo "make check       format, lint, types, architecture, migrations, fast tests"
	@echo "make serve       run for real; settings come from ASSAY_… variables (see README)"
	@echo "make bench       the benchmarks"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; '$(PYTHON)' is older or missing. Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	@echo "Installing pinned packages into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock | $(VENV)/.installed
	@echo "Installing pinned packages for tests into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

demo: install
	@$(BIN)/python deploy/run.py demo --port $(PORT) --lms-port $(LMS_PORT) --lms-profile "$(LMS_PROFILE)"

demo-reset: install
	@$(BIN)/python deploy/run.py demo-reset --port $(PORT) --lms-port $(LMS_PORT) --lms-profile "$(LMS_PROFILE)"

serve: install
	@$(BIN)/python deploy/run.py serve

format: install-dev
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "not browser and not outside and not slow"

# The browser and the outside verifiers are brought first, so that no test skips for want of them.
test: install-dev
	@$(BIN)/python tests/chromium.py
	@$(BIN)/python tests/verifiers/install.py
	$(BIN)/python -m pytest -q -n $(WORKERS)
	$(BIN)/python -m pytest -q -n $(WORKERS) --postgres -m "not browser"

test-fast: install-dev
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "not browser and not outside"

bench: install-dev
	$(BIN)/python bench/launch.py

bench-page: install-dev
	$(BIN)/python bench/page.py

bench-credentials: install-dev
	@$(BIN)/python tests/verifiers/install.py
	$(BIN)/python bench/credentials.py

bench-roster: install-dev
	$(BIN)/python bench/roster.py

bench-scores: install-dev
	$(BIN)/python bench/scores.py

bench-queue: install-dev
	$(BIN)/python bench/work_queue.py

bench-stacks: install-dev
	$(BIN)/python bench/stacks.py

bench-status: install-dev
	$(BIN)/python bench/status.py

bench-souvenirs: install-dev
	$(BIN)/python bench/souvenirs.py

bench-upload: install-dev
	$(BIN)/python bench/upload.py

lock: install-dev
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras -q -o requirements-dev.lock

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache
