# Everything runs in .venv/ in this folder; whatever is not there yet is made first.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed
DELIVERY := outputs/deliveries/synthetic
EXTRACT := outputs/extracts/synthetic
files = $(shell find $(1) -type f -not -name '*.pyc')

.PHONY: report test test-slow check clean

report: $(EXTRACT)/extract.yaml
	@$(BIN)/msanalysis run params/annual_report_2024.yaml

test: $(READY) check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# The attack on hundreds of registries needs nothing but processors; the rest kills, fills and waits.
test-slow: $(READY)
	$(BIN)/python -m pytest -m slow -n 2 tests/test_attack_slow.py
	$(BIN)/python -m pytest -m slow --ignore tests/test_attack_slow.py

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# The invented registry takes the way every extract takes: delivered as files, then imported.
# Both write a whole folder or none.
$(EXTRACT)/extract.yaml: $(DELIVERY)/extract.yaml params/mappings/norwegian.yaml \
		$(call files,src/msanalysis/importing)
	rm -rf $(EXTRACT)
	$(BIN)/msanalysis import --mapping params/mappings/norwegian.yaml $(DELIVERY) $(EXTRACT)

$(DELIVERY)/extract.yaml: src/msanalysis/schema.py \
		$(call files,$(addprefix src/msanalysis/,synthetic codes published)) | $(READY)
	rm -rf $(DELIVERY)
	$(BIN)/msanalysis synth --as csv-norwegian $(DELIVERY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv
