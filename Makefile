# From a fresh clone: `make run` serves the sample, `make test` runs the whole suite.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 5000
# Every answer that the sample declares must have been given in its tests.
COVERAGE = --framework-coverage-fail-under=100 --framework-coverage-app=sample_api

# What is slow by nature runs in `make extended`, which has its own tests alone.
PYTEST = NODE_TOOLS=$(abspath .cache/node) $(BIN)/python -m pytest -n auto --dist loadscope -rfEs

.PHONY: run test extended check docs bench soak streams fuzz clean

run: $(VENV)/.sample
	$(BIN)/framework --app sample_api seed
	@echo
	@echo "  API       http://$(HOST):$(PORT)/api"
	@echo "  Docs      http://$(HOST):$(PORT)/docs"
	@echo "  Document  http://$(HOST):$(PORT)/openapi.json"
	@echo
	$(BIN)/framework --app sample_api run --host $(HOST) --port $(PORT)

test: $(VENV)/.test
	$(PYTEST) $(COVERAGE)

extended: $(VENV)/.test
	FRAMEWORK_EXTENDED=1 $(PYTEST)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/draw.py --check
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs
	$(BIN)/python docs/search.py build/docs
	$(BIN)/framework --app sample_api openapi check --strict
	$(BIN)/framework --app sample_api check
	$(BIN)/framework types sample_api.schemas -o sample_api/schema_types.py --check

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -W --keep-going -b html docs build/docs
	$(BIN)/python docs/search.py build/docs

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks

# Two hosts in network namespaces, under load, while things break: needs root, ip and nginx; takes two minutes.
soak: $(VENV)/.test
	$(BIN)/python -m tests.soak

streams: $(VENV)/.test
	$(BIN)/python -m tests.soak.streams

fuzz: $(VENV)/.test
	FRAMEWORK_FUZZ=20000 $(PYTEST) tests/fast tests/openapi

clean:
	rm -rf $(VENV) build .cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# All versions are pinned in .ci/constraints.txt; nothing is fetched after these steps.

PIP_INSTALL = $(BIN)/pip --disable-pip-version-check install -q -c .ci/constraints.txt

$(VENV)/.sample: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(PIP_INSTALL) -e '.[all,sample]'
	@touch $@

$(VENV)/.test: pyproject.toml .ci/constraints.txt .ci/node/package-lock.json | $(BIN)/python
	$(PIP_INSTALL) -e '.[test]'
	$(BIN)/python tests/fast/fetch_marshmallow.py
	if command -v npm >/dev/null; then \
	  mkdir -p .cache/node && cp .ci/node/package*.json .cache/node && \
	  npm ci --prefix .cache/node --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || \
    echo 'The Node tools could not be installed: the tests that need them are skipped.'; fi
	@touch $@ $(VENV)/.sample

$(VENV)/.dev: $(VENV)/.test
	$(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.docs

$(VENV)/.docs: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(PIP_INSTALL) -e '.[docs]'
	@touch $@

$(VENV)/.bench: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(PIP_INSTALL) -e '.[bench]'
	@touch $@
