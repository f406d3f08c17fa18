# The two commands a newcomer needs are `make demo` and `make test`; each sets up .venv on its first
# run. DATA=DIR names a folder with the four MNIST files, ARGS=... is passed on to the command.

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

# What is installed depends on pyproject.toml, and a virtual environment cannot be moved, so both go
# into the stamp's name: a fresh checkout with another timestamp does not reinstall, a moved one does.
KEY := $(firstword $(shell { cat pyproject.toml; pwd; } | cksum))
RUN_READY := $(VENV)/.crosspoint-run-$(KEY)
DEV_READY := $(VENV)/.crosspoint-dev-$(KEY)
LAB_READY := $(VENV)/.crosspoint-lab-$(KEY)
BOOK_READY := $(VENV)/.crosspoint-book-$(KEY)

.DEFAULT_GOAL := help
.PHONY: help demo test lint lab notebooks test-notebooks lite test-lite book test-book clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## */  make \1	/p' $(MAKEFILE_LIST)

demo: $(RUN_READY) ## derive, simulate and train the demonstration, and write its report
	$(BIN)/crosspoint demo $(if $(DATA),--data "$(DATA)") $(ARGS)

test: $(DEV_READY) ## run the test suite
	$(if $(DATA),CROSSPOINT_DATA="$(DATA)") $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

lab: $(LAB_READY) ## open the tutorials in JupyterLab
	cd tutorials && $(if $(DATA),CROSSPOINT_DATA="$$(cd "$(DATA)" && pwd)") ../$(BIN)/jupyter lab $(ARGS) 00_start_here.ipynb

notebooks: $(LAB_READY) ## execute the tutorials with full settings, and stamp them
	$(if $(DATA),CROSSPOINT_DATA="$$(cd "$(DATA)" && pwd)") $(BIN)/python tutorials/execute.py $(ARGS)

test-notebooks: $(DEV_READY) $(LAB_READY) ## run the tutorials from clean kernels with small settings
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS) tests/tutorials/run_notebooks.py

lite: $(BOOK_READY) ## build the tutorials for the browser, without installation, in build/lite
	$(BIN)/python book/lite.py

test-lite: $(DEV_READY) $(BOOK_READY) ## run what the browser gets in Pyodide, under Node.js
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS) tests/tutorials/run_pyodide.py tests/tutorials/run_pyodide_notebooks.py

book: lite ## build the tutorials and the reference as a static site in build/book
	$(BIN)/python book/build.py

test-book: $(DEV_READY) $(BOOK_READY) ## look at every page of the book in Chromium
	$(BIN)/python -m pytest -n 0 $(ARGS) tests/tutorials/run_book.py

lint: $(DEV_READY) ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean: ## remove build products and caches; the environment stays
	rm -rf build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# PYTHON=... on the command line names the interpreter; otherwise the first that will do is taken.
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.13 python3.12 python3.11 python)

# Called in a recipe: leaves the path of a Python >= 3.11 with venv and pip in $$python, or explains.
define find-python
python=; \
for candidate in $(CANDIDATES); do \
    if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
    then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
    echo "error: Python 3.11 or later with venv and pip is needed; tried: $(CANDIDATES)" >&2; \
    for candidate in $(CANDIDATES); do \
        if command -v "$$candidate" >/dev/null 2>&1; \
        then echo "  $$candidate is $$("$$candidate" --version 2>&1)" >&2; fi; \
    done; \
    echo "Install one (on Debian or Ubuntu also its -venv package), or name it: make PYTHON=/path/to/python" >&2; \
    exit 1; \
fi
endef

# An environment that is half made, or made by a Python that has since gone, is made again.
define set-up
@$(find-python); \
if ! $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
    echo "Making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV); \
fi
@echo "Installing crosspoint and what it needs into $(VENV), once; this can take some minutes"
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable $(1)
@find $(VENV) -maxdepth 1 -name '.crosspoint-*' ! -name '*-$(KEY)' -delete
@touch $(2)
endef

$(RUN_READY):
	$(call set-up,.,$@)

$(DEV_READY):
	$(call set-up,'.[dev]',$(RUN_READY) $@)

$(LAB_READY):
	$(call set-up,'.[tutorials]',$(RUN_READY) $@)

$(BOOK_READY):
	$(call set-up,'.[book]',$(RUN_READY) $@)
