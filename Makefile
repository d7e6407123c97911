# People and CI call the same targets. Each builds what it needs; `make demo` is the five-minute tour.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready
TEST_READY := $(VENV)/.test-ready
# Installed first and by its exact pin: an open range would fetch gigabytes of GPU packages.
TORCH := $(shell grep '^torch==' constraints.txt)

.PHONY: demo test test-fast lint golden base bench clean

demo: $(RUN_READY)
	$(BIN)/evalsuite run specs/*.yaml

test: $(TEST_READY)
	$(BIN)/pytest -n 2 --dist worksteal

test-fast: $(TEST_READY)
	$(BIN)/pytest -n 2 -m "not slow and not browser"

lint: $(TEST_READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(TEST_READY)
	$(BIN)/evalsuite schema --write evalsuite/schemas
	EVALSUITE_GOLDEN=write $(BIN)/pytest -q tests/golden

bench: $(RUN_READY)
	$(BIN)/python bench/training.py
	$(BIN)/python bench/judge.py
	$(BIN)/python bench/benchmarks.py

base: $(TEST_READY)
	$(BIN)/python -m evalsuite.quickstart.pretrain --out evalsuite/quickstart/base
	$(BIN)/python -m evalsuite.quickstart.datasets --out data

$(RUN_READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH) -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[quant]' -c constraints.txt
	touch $@

$(TEST_READY): $(RUN_READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[quant,test]' -c constraints.txt
	touch $@

clean:
	rm -rf $(VENV) .evalsuite dist build
