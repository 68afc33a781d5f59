# carac needs make and Python 3.11 or later; everything else is installed into .venv from the locks in requirements/.
PYTHON ?= python3
PYTEST_ARGS ?= -n 2 --dist loadfile
PROOFS := $(sort $(wildcard proofs/*.py))
CODE := $(wildcard src tests tools proofs benchmarks)
bin := .venv/bin

# pip-tools writes the locks; it needs an environment of its own because it pins pip's own neighbours.
PIP_TOOLS := pip-tools==7.6.2

.DEFAULT_GOAL := help
.PHONY: help demo test prove lock format python

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

demo: python ## 500 synthetic patients graded and counted, one patient-day explained, and a report
	@$(PYTHON) tools/environment.py demo
	@$(bin)/carac demo

# Every check runs, also after one that failed; pytest last, so that its closing line is.
test: python ## style, types, proof figures and tests
	@$(PYTHON) tools/environment.py test
	@failed=; \
	check() { echo "== $$*"; "$$@" || failed="$$failed\n  $$*"; }; \
	check $(bin)/ruff check $(CODE); \
	check $(bin)/ruff format --check $(CODE); \
	check $(bin)/mypy; \
	check $(bin)/python tools/stale_figures.py; \
	[ -z "$$failed" ] || printf "== failed before the tests:$$failed\n"; \
	check $(bin)/python -m pytest $(PYTEST_ARGS); \
	[ -z "$$failed" ]

prove: python ## the long jobs whose figures are quoted; they write proofs/*.json
ifeq ($(PROOFS),)
	@echo "nothing to prove yet"
else
	@$(PYTHON) tools/environment.py test
	@set -e; for proof in $(PROOFS); do echo "== $$proof"; $(bin)/python "$$proof"; done
endif

lock: python ## the hashed locks in requirements/, from pyproject.toml (Python 3.11)
	@mkdir -p build
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_TOOLS)
	@build/lock/bin/python tools/lock.py

format: python ## put the code into the common style
	@$(PYTHON) tools/environment.py test
	@$(bin)/ruff check --fix-only $(CODE)
	@$(bin)/ruff format $(CODE)

python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or later."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "carac needs Python 3.11 or later and $(PYTHON) is older; name a newer one, as in make demo PYTHON=python3.12."; exit 1; }
