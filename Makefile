# Two commands matter: `make run` and `make test`. `make` alone prints the rest.
#
# A machine needs python3 (3.11 or later) with venv, make and git. Everything is installed from
# locks with checked hashes into .venv, and a second call does nothing: each step leaves a stamp.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Packages and the style sheet are made side by side.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=2
endif

# The distribution's own, where it will do: it is built for speed, and what a version manager compiles
# takes a sixth more for a page (docs/performance.md). make PYTHON=... takes another.
PYTHON ?= $(shell for one in /usr/bin/python3 python3; do "$$one" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; done; echo "$$one")
VENV := .venv
BIN := $(VENV)/bin
VENDOR := assess/web/static/vendor
# One more than two cores: browsers and databases leave gaps.
WORKERS ?= 3
# Databases of tests live a second each: in memory, where there is room for some gigabytes of it.
SCRATCH ?= $(shell test -w /dev/shm && df -Pk /dev/shm | awk 'NR == 2 && $$4 > 4000000 { print "/dev/shm"; found = 1 } END { if (!found) print "/tmp" }')
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
# Compiled once, kept: importing everything anew costs each command some seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## print this list
	@printf 'make TARGET, where TARGET is one of:\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- to use it

.PHONY: setup
setup: $(VENV)/.run $(VENV)/.assess $(VENDOR)/.built ## make .venv with `assess` in it, and stop
	@echo "Ready: $(BIN)/assess --help"

# A user who may not write here would read every module's source anew at each command.
.PHONY: compile
compile: setup ## the same, and compile it for users who may not write into this folder
	@echo "Compiling"
	@$(BIN)/python -m compileall -q -j 2 $(VENV)/lib assess invigilation

.PHONY: run
run: setup ## serve the demo on http://127.0.0.1:8000, from nothing
	@echo "Starting the demo"
	@exec $(BIN)/assess demo

# ---- to change it

.PHONY: dev
dev: $(VENV)/.dev $(VENV)/.assess $(VENV)/.root $(VENDOR)/.built ## make .venv with the tests' and checks' tools too

.PHONY: test
test: dev ## run every test, on real databases and a real browser (ARGS="-k name" for some)
	@$(BIN)/python tools/find_pango.py
	@chromium=$$($(BIN)/python tools/find_chromium.py); \
	echo "Testing with $(WORKERS) workers"; \
	ASSESS_CHROMIUM="$$chromium" TMPDIR="$(SCRATCH)" $(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: check
check: dev ## run every check below, and say at the end which failed
	@failed=; \
	for one in check-lint check-format check-types check-imports check-locks check-tables docs; do \
	  $(MAKE) --no-print-directory "$$one" || failed="$$failed $$one"; \
	done; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed"; exit 1; fi; \
	echo "All checks passed"

.PHONY: check-lint
check-lint: dev ## ruff's rules
	@echo "Linting"
	@$(BIN)/ruff check --quiet .

.PHONY: check-format
check-format: dev ## ruff's format
	@echo "Checking the format"
	@$(BIN)/ruff format --check --quiet . \
	  || { $(BIN)/ruff format --check . 2>&1 | tail -n 20; echo "make format mends it"; exit 1; }

.PHONY: check-types
check-types: dev ## mypy, strict
	@echo "Checking types"
	@$(BIN)/mypy

.PHONY: check-imports
check-imports: dev ## who may import whom
	@echo "Checking the import contracts"
	@$(BIN)/lint-imports --no-cache

.PHONY: check-locks
check-locks: dev ## locks are up to date with nothing but hashes: no file names a download host
	@echo "Checking that no lock names a host"
	@$(BIN)/python -m tools.locks check

.PHONY: check-tables
check-tables: dev ## migrations give exactly the tables of the code, on both databases
	@echo "Checking the migrations against the tables"
	@$(BIN)/python -m tests.services -- sh -c '$(BIN)/assess db upgrade && $(BIN)/assess db check'

.PHONY: format
format: dev ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .

.PHONY: docs
docs: dev ## check that every link in the documents leads somewhere
	@echo "Checking the links of the documents"
	@$(BIN)/python -m tools.links

.PHONY: bench
bench: dev ## measure, and print the figures
	@$(BIN)/pytest -m bench -s -q $(ARGS) \
	  || { code=$$?; [ $$code -eq 5 ] && echo "There is nothing to measure yet" || exit $$code; }

.PHONY: faults
faults: dev ## kill everything while 10,000 answers are saved (ASSESS_FAULTS=n for another number)
	@ASSESS_FAULTS=$${ASSESS_FAULTS:-10000} $(BIN)/pytest tests/faults -q $(ARGS)

.PHONY: migration
migration: dev ## write the next migration from the tables: make migration m="what changes"
	@[ -n "$(m)" ] || { echo 'Say what changes: make migration m="attempts: add writer"'; exit 2; }
	@$(BIN)/assess db revision -m "$(m)"

LOCKS := bootstrap run dev assets
.PHONY: lock
lock: $(VENV)/.dev ## lock all packages anew, within the bounds of requirements/*.in and package.json
	@for one in $(LOCKS); do \
	  echo "Locking requirements/$$one.txt"; \
	  (cd requirements && ../$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --quiet "$$one.in" -o "$$one.txt"); \
	done
	@echo "Locking package-lock.json"
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm install --package-lock-only --ignore-scripts --silent
	@$(BIN)/python -m tools.locks strip
	@$(BIN)/python -m tools.locks check

.PHONY: clean
clean: ## remove everything that these commands made; the demo's data (instance/) stays
	rm -rf $(VENV) node_modules $(VENDOR) build ./*.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find assess benchmarks invigilation tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the steps, each with its stamp

$(VENV)/.uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making the environment $(VENV)"
	@# Without the stamp, making it was broken off: half an environment has python, and no pip.
	@{ [ -e $@ ] && [ -x $(BIN)/python ]; } || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/bootstrap.txt \
	  || echo "uv cannot be had here; pip installs everything, which takes longer"
	@touch $@

# uv reads none of pip's settings: where only pip can reach the packages, pip installs them.
define install
	@echo "Installing the packages of requirements/$(1).txt"
	@$(BIN)/uv pip sync -q --require-hashes --python $(BIN)/python requirements/$(1).txt \
	  || $(BIN)/python -m pip install -q --require-hashes -r requirements/$(1).txt
endef

# The environment for development holds all that a run needs: once there, it is kept.
$(VENV)/.run: requirements/run.txt $(VENV)/.uv
	$(if $(wildcard $(VENV)/.dev),$(call install,dev),$(call install,run))
	@touch $@ $(wildcard $(VENV)/.dev)

$(VENV)/.dev: requirements/dev.txt requirements/run.txt $(VENV)/.uv
	$(call install,dev)
	@touch $@ $(VENV)/.run

$(VENV)/.assess: pyproject.toml $(VENV)/$(if $(filter setup compile run,$(MAKECMDGOALS)),.run,.dev)
	@echo "Installing assess itself, in place"
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation --python $(BIN)/python -e . \
	  || $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# What is run by its file, such as benchmarks/draw.py, finds what it imports from here.
$(VENV)/.root: $(VENV)/.dev
	@pwd > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/root.pth"
	@touch $@

$(VENDOR)/.built: package-lock.json .npmrc tools/build_assets.py $(wildcard assets/*.scss) | $(VENV)/.uv
	@$(BIN)/python tools/build_assets.py
	@touch $@
