# make demo    from a pattern to a cut program, judged by the emulated cutter; results in out/demo/
# make test    format, lint, types, import contracts and all tests
# make check   the same without the tests: a few seconds
# make soak    1,000 small random jobs through the nest, every marker judged; COUNT=50 FIRST=2000 for others
# make rules-soak  500 random combinations of rules, patterns and orders, every marker judged; COUNT and FIRST as above
# make fuzz    20,000 damaged pattern files, every one read or refused with the place; COUNT and FIRST as above
# make crash   100 kills of runners and workers in the midst of batches; COUNT and FIRST (the seed) as above
# make crash-cluster   30 kills of runners, workers and schedulers in the midst of batches on a cluster
# make night   30 jobs of patterns/ by two workers in ten minutes, and the morning page judged; in out/night/
# make faults  200 seeded faults of machine, cable and sender: each job resumed, every cut judged; COUNT, FIRST as above
# make bench   the benchmarks: every benchmarks/bench_*.py, or BENCHMARKS=... of them
# make wheel   a package with the kernels compiled for this Python and numba: its first nest starts at once; in dist/
# make clean   remove what these made
#
# Each target makes .venv where it is missing (make PYTHON=python3.12 chooses the Python) and installs again only when
# pyproject.toml has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.cutkit
CUTKIT := $(BIN)/cutkit

PATTERN ?= $(firstword $(wildcard patterns/shirt.dxf patterns/tshirt.dxf))
DEMO := out/demo
SHIRT := $(DEMO)/shirt
DEMO_TIME ?= 20s
COUNT ?= 1000
FIRST ?= 0
BENCHMARKS ?= $(sort $(wildcard benchmarks/bench_*.py))

.PHONY: help demo test check soak rules-soak fuzz faults crash crash-cluster night bench wheel clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# make/make/p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'cutkit needs Python 3.11 or newer: make PYTHON=python3.12'; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One stamp per set of extras: the demo needs no linter.
$(STAMP)-run: EXTRAS :=
$(STAMP)-dev: EXTRAS := [dev]
$(STAMP)-bench: EXTRAS := [dev,bench]
$(STAMP)-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(EXTRAS)'
	@touch $@

demo: $(STAMP)-run
	@mkdir -p $(DEMO)
	$(CUTKIT) inspect $(PATTERN) --svg $(SHIRT)-pattern.svg
	$(CUTKIT) nest $(PATTERN) --width 150cm --order S=1,M=2,L=1 --time $(DEMO_TIME) \
		--svg $(SHIRT).svg --dxf $(SHIRT).dxf -o $(SHIRT).marker.json
	$(CUTKIT) check $(SHIRT).marker.json
	$(CUTKIT) cut $(SHIRT).marker.json --cutter grbl-servo -o $(SHIRT).gcode
	$(CUTKIT) simulate $(SHIRT).gcode --cutter grbl-servo --marker $(SHIRT).marker.json --svg $(SHIRT)-cut.svg
	$(CUTKIT) cut $(SHIRT).marker.json --cutter hpgl-generic -o $(SHIRT).plt
	$(CUTKIT) simulate $(SHIRT).plt --cutter hpgl-generic --marker $(SHIRT).marker.json
	$(CUTKIT) report $(SHIRT).marker.json --cutter grbl-servo --html $(SHIRT)-report.html
	@echo; echo 'The marker, its pictures and the programs are in $(DEMO)/:'; ls -1 $(DEMO)

check: $(STAMP)-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest -n 2

soak: $(STAMP)-dev
	$(BIN)/python tests/nest/soak.py $(COUNT) $(FIRST)

rules-soak: COUNT = 500
rules-soak: $(STAMP)-dev
	$(BIN)/python tests/rules_soak.py $(COUNT) $(FIRST)

fuzz: COUNT = 20000
fuzz: $(STAMP)-dev
	$(BIN)/python tests/formats/fuzz.py $(COUNT) $(FIRST)

crash: COUNT = 100
crash: $(STAMP)-dev
	$(BIN)/python tests/batch/crash.py $(COUNT) $(FIRST)

crash-cluster: COUNT = 30
crash-cluster: $(STAMP)-dev
	$(BIN)/python tests/batch/crash_cluster.py $(COUNT) $(FIRST)

night: $(STAMP)-dev
	$(BIN)/python benchmarks/night.py

faults: COUNT = 200
faults: $(STAMP)-dev
	PYTHONPATH=tests $(BIN)/python tests/machine/faults.py $(COUNT) $(FIRST)

bench: $(STAMP)-bench
	@set -e; for script in $(BENCHMARKS); do echo "# $$script"; $(BIN)/python $$script; echo; done

COMPILED := cutkit/kernels/compiled
wheel: $(STAMP)-run
	rm -rf $(COMPILED)
	CUTKIT_CACHE_DIR=$(COMPILED) $(BIN)/python -c 'from cutkit.cut.visits import compile_kernels; compile_kernels()'
	CUTKIT_CACHE_DIR=$(COMPILED) $(BIN)/python -m cutkit.nest.compile
	rm -f $(COMPILED)/*/compiling
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls dist/*.whl

clean:
	rm -rf $(COMPILED) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	if [ -L $(VENV) ]; then rm -f $(STAMP)-*; else rm -rf $(VENV); fi
