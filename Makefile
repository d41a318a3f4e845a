# Two commands for everybody: `make demo` and `make test`. The others are for those who change the code.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8321
EXTRAS ?= dev
# Compiling everything while it is installed takes longer than all the rest; Python compiles what it needs, and keeps it.
export PYTHONDONTWRITEBYTECODE :=
INSTALL := $(BIN)/pip install -q --no-compile --disable-pip-version-check -c constraints.txt

.PHONY: demo run test check format bench clean

demo: $(VENV)/.runtime            ## a whole workspace on this machine, in a browser
	$(BIN)/lookout demo --port $(PORT)

run: $(VENV)/.runtime             ## the bot, with the settings of .env
	$(BIN)/lookout run

# Databases of tests are real files whose every commit waits for the disk; in memory that takes no time. Many tests wait
# for clocks and other processes, so that two cores carry three workers.
test: $(VENV)/.dev                ## the suite; in CI with the tests that take long, too
	$(if $(wildcard /dev/shm/.),PYTEST_DEBUG_TEMPROOT=/dev/shm) $(BIN)/pytest -n 3 -q $(if $(CI),,-m "not long")

check: $(VENV)/.dev               ## format, lint, types, contracts, sizes, docs: the definition of done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -q -p no:cacheprovider tests/test_architecture.py tests/test_docs.py tests/test_manifest.py

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev               ## the ratios of tests/benchmarks, in one run
	$(BIN)/python -m pytest -q -s tests/benchmarks --benchmarks

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lookout needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e '.[$(EXTRAS)]'
	touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
