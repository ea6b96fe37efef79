# Everything here works in a fresh clone with Python 3.11, make and a package registry.

PYTHON ?= python3.11
VENV := .venv
OLDEST := .venv-oldest

.PHONY: help demo test test-oldest lint bench clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# One virtual environment; a stamp for each set of extras that it holds.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%-installed: pyproject.toml setup.py $(wildcard kernel/*) | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(VENV)/.demo-installed  ## run the main job against a local service
	$(VENV)/bin/tickframe demo

test: $(VENV)/.test-installed test-oldest  ## run all tests, on the newest and the oldest dependencies, with and without the kernel
	$(VENV)/bin/python -m pytest
	TICKFRAME_KERNEL=off $(VENV)/bin/python -m pytest
	$(VENV)/bin/python -m pytest --nbmake notebooks

# The lower bounds of pyproject.toml, as a user with old packages has them.
test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest
	TICKFRAME_KERNEL=off $(OLDEST)/bin/python -m pytest

$(OLDEST)/.installed: pyproject.toml setup.py $(wildcard kernel/*) tests/oldest_requirements.py
	$(PYTHON) -m venv $(OLDEST)
	$(PYTHON) tests/oldest_requirements.py > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(OLDEST)/constraints.txt \
		--editable '.[oldest]'
	@touch $@

lint: $(VENV)/.lint-installed  ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/basedpyright

bench: $(VENV)/.bench-installed  ## time the main job beside the ways people write by hand
	$(VENV)/bin/python benchmarks/run.py

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(OLDEST) demo-output build
