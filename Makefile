# `make demo` serves the page, `make test` passes the tests; both install what they need into .venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test unit page lint format benchmarks clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## install what is needed and serve the page (ARGS="--port 8080 --model NAME")
	$(BIN)/python app.py $(ARGS)

test: $(VENV)/.test ## install what is needed and pass every test, fast ones first
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(ARGS)

unit: $(VENV)/.test ## only the tests that need no browser
	$(BIN)/python -m pytest --ignore tests/page $(ARGS)

page: $(VENV)/.test ## only the tests of the page in a real browser
	$(BIN)/python -m pytest tests/page $(ARGS)

lint: $(VENV)/.test ## style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: $(VENV)/.test ## put the code into shape
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

benchmarks: $(VENV)/.test ## speed against transformers' own pipeline (some minutes; run nothing beside it)
	$(BIN)/python -m benchmarks.speed $(ARGS)

clean: ## remove what was installed and built
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis node_modules

$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.txt tests/setup_browser.sh
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	sh tests/setup_browser.sh $(BIN)/python
	touch $@
