# memlog: `make run` and `make test` do all their own set-up in a new clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUN_FLAGS := $(if $(ONCE),--once,)
BENCH_FLAGS ?=
# Hundreds of tests start a command: without its bytecode each compiles memlog again.
unexport PYTHONDONTWRITEBYTECODE
# As many workers as there are cores, 4 at most; TEST_FLAGS=-n0 runs all tests in one process.
TEST_FLAGS ?= -n auto --maxprocesses 4 --dist worksteal

.PHONY: help run test test-slow test-faults test-kernel test-kernel-debug check bench docs clean

help: ## This list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "memlog needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

run: $(READY) ## Record, archive and browse what your agents did; ONCE=1 stops after a search and a page have answered.
	$(BIN)/memlog up $(RUN_FLAGS)

test: $(READY) ## The tests, in under three minutes.
	$(BIN)/pytest -m 'not slow and not kernel and not faults' $(TEST_FLAGS)

test-slow: $(READY) ## The tests that take minutes.
	$(BIN)/pytest -m slow $(TEST_FLAGS)

test-faults: $(READY) ## Kills, refused writes and power cuts at every point, and a table of them; MEMLOG_FAULTS_QUICK=1: some of each.
	$(BIN)/python tests/faults

KERNELS ?= lint uml 6.1 6.12
test-kernel: $(READY) ## The driver, linted and in running kernels: User-Mode Linux, and Debian's 6.1 and 6.12 in QEMU.
	driver/vm/test.sh $(KERNELS)

DEBUG_KERNELS ?= kunit debug plants power-cut
test-kernel-debug: $(READY) ## The same under KASAN, lockdep and kmemleak; builds that kernel once, in 5 minutes or more.
	driver/vm/test.sh $(DEBUG_KERNELS)

check: $(READY) ## Lint, format, types, and that the docs are current.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

bench: $(READY) ## Print the ratios of docs/performance.md, measured in one run; BENCH_FLAGS='--records 100000'.
	$(BIN)/python -m bench $(BENCH_FLAGS)

docs: $(READY) ## Write the generated pages of docs/.
	$(BIN)/python docs/generate.py

clean: ## Remove what make made.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
