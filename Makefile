# Everything runs in .venv/ in this folder. `make report` and `make test` set it up when it is not there.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed

.PHONY: report test test-slow check synthetic clean

report: $(READY)
	$(BIN)/msanalysis run params/annual_report_2024.yaml

test: $(READY) check
	$(BIN)/python -m pytest -n 2

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv
