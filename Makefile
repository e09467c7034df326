# The two commands of the README are `make run` and `make test`; both set everything up by themselves.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEMO ?= 400

.PHONY: run test check coverage bench docs clean

run: $(VENV)/.run
	$(BIN)/staunen demo --output exports --customers $(DEMO)
	$(BIN)/staunen run --config exports/nightly.yaml --output lake
	$(BIN)/staunen sql lake "$$(cat docs/headline.sql)"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q

# Apart from `check`: tracing branches takes two to three times as long.
coverage: $(VENV)/.dev
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report --skip-covered

# What needs exports that are not in the repository (redaction, real exports) says so and takes them as arguments.
bench: $(VENV)/.dev
	for bench in cases customers aggregates; do $(BIN)/python -m benchmarks.measure_$$bench || exit 1; done

docs: $(VENV)/.run
	$(BIN)/python -m schemas.describe docs/tables.md

clean:
	rm -rf $(VENV) build exports lake *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python setup.py constraints.txt
	$(INSTALL) --editable .
	touch $@

$(VENV)/.dev: $(BIN)/python setup.py constraints.txt
	$(INSTALL) --editable '.[dev]'
	touch $@ $(VENV)/.run
