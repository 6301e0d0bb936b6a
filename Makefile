# The few commands people type. Each needs only git, make and Python 3.11 or newer; `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
# The stages call `python`: the environment must stand first on the path of every command.
RUN := PATH="$(CURDIR)/$(BIN):$$PATH"
# One thread per process, as in the stages: with several, small sums wait for each other.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1
# All processes of the tests read what is compiled, also where a container lets Python keep nothing it compiles.
TEST := $(RUN) $(ONE_THREAD) PYTHONDONTWRITEBYTECODE=
# Compiled once here: every notebook is a process of its own, and many containers let Python keep nothing it compiles.
install := $(BIN)/uv pip install --compile-bytecode --python

.PHONY: help setup reproduce verify test test-fast coverage browser picture lab lock bench archive check clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/installed ## Create the environment .venv from requirements.lock

reproduce: .venv/installed ## Run every stage whose inputs changed, side by side
	$(RUN) cacao repro

verify: .venv/installed ## Run every stage again in an empty clone and compare every published number
	$(RUN) cacao verify

test: .venv/installed browser ## Run all tests, on all cores
	$(TEST) pytest -n logical

test-fast: .venv/installed ## Run the tests that need neither a run of the pipeline nor a browser nor long
	$(TEST) pytest -n logical -m "not pipeline and not browser and not slow"

coverage: .venv/installed browser ## Run the tests and list the lines and branches of pipeline/ that none reached
	$(RUN) coverage erase
	$(TEST) coverage run -m pytest -n logical
	$(RUN) coverage combine --quiet
	$(RUN) coverage report

# Pages are tested in a real browser: the one at hand, else the one of Playwright, else the package of Debian.
browser: .venv/installed
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
		|| $(RUN) python -m playwright install --with-deps chromium \
		|| { apt-get update -qq && apt-get install -qq -y chromium; }

picture: .venv/installed browser ## Take the picture of the start page for the README
	$(RUN) python docs/picture.py

lab: .venv/installed ## Open the notebooks in JupyterLab
	$(RUN) $(ONE_THREAD) jupyter lab

lock: .venv/installed ## Compile requirements.in to requirements.lock and environment.yml
	$(RUN) uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" requirements.in -o requirements.lock
	$(RUN) uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" bench/requirements.in -o bench/requirements.lock
	$(RUN) python -m pipeline.kit.provenance.run_record

bench: .venv/installed ## Measure the speed of everything, or PARTS of it; rewrites docs/benchmark.md
	@$(MAKE) --no-print-directory .venv-bench/installed || echo "The samplers cannot be installed: they are left out." >&2
	$(RUN) python -m bench $(PARTS)

archive: .venv/installed ## Build scratch/kutim-cacao.zip: code, data, results and their records
	$(RUN) python -m pipeline.kit.provenance.archive

check: .venv/installed ## Check style, types and numbers in prose
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) cacao numerals

clean: ## Remove the environment and the caches of tools; results stay
	rm -rf .venv .venv-bench .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage .coverage.*

# A changed lock makes a new environment, so that nothing stays in it that the lock no longer names. pip brings the
# locked uv, and uv, which is faster, brings everything else; both check every hash.
.venv/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not found: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Python 3.11 or newer is needed; $(PYTHON) is " \
		+ sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make environments: install its venv" \
		"package (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@awk '/^uv==/ { found = 1 } found { print } found && !/\\$$/ { exit }' requirements.lock > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r .venv/uv.txt
	$(install) $(BIN)/python --require-hashes -r requirements.lock
	$(install) $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# What the benchmark compares the project with is no part of the project: samplers have an environment of their own.
.venv-bench/installed: bench/requirements.lock
	$(BIN)/python -m venv --clear .venv-bench
	$(install) .venv-bench/bin/python --require-hashes -r bench/requirements.lock
	@touch $@
