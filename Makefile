# From a fresh clone: `make run` serves the sample, `make test` runs the whole suite.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 5000

.PHONY: run test check docs bench fuzz clean

run: $(VENV)/.sample
	$(BIN)/framework --app sample_api seed
	@echo
	@echo "  API       http://$(HOST):$(PORT)/api"
	@echo "  Docs      http://$(HOST):$(PORT)/docs"
	@echo "  Document  http://$(HOST):$(PORT)/openapi.json"
	@echo
	$(BIN)/framework --app sample_api run --host $(HOST) --port $(PORT)

test: $(VENV)/.test
	$(BIN)/python -m pytest -rs

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -W --keep-going -b html docs build/docs

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

fuzz: $(VENV)/.test
	FRAMEWORK_FUZZ=1 $(BIN)/python -m pytest -rs tests/fast

clean:
	rm -rf $(VENV) build .cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.sample: pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q -e '.[all,sample]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q -e '.[test]'
	@touch $@ $(VENV)/.sample

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q -e '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.sample
