# Everything here works in a fresh clone with Python 3.11, make and a package registry.

PYTHON ?= python3.11
VENV := .venv
OLDEST := .venv-oldest
# What takes another way where no kernel is.
DECODING := tests/wire tests/test_query.py \
	tests/test_real_ticks.py

.PHONY: help demo test test-oldest test-sanitized fuzz lint docs notebooks bench soak clean

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
	TICKFRAME_KERNEL=off $(VENV)/bin/python -m pytest $(DECODING)

# The lower bounds of pyproject.toml, as a user with old packages has them.
test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest
	TICKFRAME_KERNEL=off $(OLDEST)/bin/python -m pytest $(DECODING)

$(OLDEST)/.installed: pyproject.toml setup.py $(wildcard kernel/*) tests/oldest_requirements.py
	$(PYTHON) -m venv $(OLDEST)
	$(PYTHON) tests/oldest_requirements.py > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(OLDEST)/constraints.txt \
		--editable '.[oldest]'
	@touch $@

# The package beside a kernel that aborts at the first read, write or shift out of bounds. Arrow's and
# Python's own memory comes from malloc, so that the sanitizer knows where each piece of it ends.
SANITIZED := $(CURDIR)/build/sanitized
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1

test-sanitized: $(VENV)/.test-installed  ## run the decoder's tests on a kernel with address and undefined-behaviour checks
	rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)
	cp -r src/tickframe $(SANITIZED) && rm -f $(SANITIZED)/tickframe/_kernel.*
	$(CC) -std=c11 -Wall -Wextra $(SANITIZERS) -shared -fPIC -DPy_LIMITED_API=0x030B0000 \
		-I$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))') \
		kernel/*.c -o $(SANITIZED)/tickframe/_kernel.abi3.so
	LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0:log_path=$(SANITIZED)/report UBSAN_OPTIONS=print_stacktrace=1 \
		PYTHONMALLOC=malloc ARROW_DEFAULT_MEMORY_POOL=system \
		SANITIZED_KERNEL=$(SANITIZED)/tickframe/_kernel.abi3.so PYTHONPATH=$(SANITIZED) \
		$(VENV)/bin/python -m pytest -p no:cacheprovider tests/wire \
		|| { cat $(SANITIZED)/report.*; exit 1; }

EXECUTIONS ?= 5000000
PROCESSES ?= 2
SEED ?= 1

fuzz: $(VENV)/.test-installed  ## compare both engines on random and damaged messages (EXECUTIONS=, PROCESSES=, SEED=)
	$(VENV)/bin/python -m fuzz.fuzz_decode --executions $(EXECUTIONS) --processes $(PROCESSES) --seed $(SEED)

lint: $(VENV)/.lint-installed  ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/basedpyright

# What its makers say of their other products is no warning about these pages.
docs: export NO_MKDOCS_2_WARNING := 1
docs: $(VENV)/.docs-installed  ## build the documentation into site/
	$(VENV)/bin/mkdocs build --strict

notebooks: $(VENV)/.test-installed  ## run the notebooks and write their outputs anew
	$(VENV)/bin/python -m notebooks.execute

bench: $(VENV)/.bench-installed  ## time the main job beside the ways people write by hand
	$(VENV)/bin/python -m benchmarks.run

soak: $(VENV)/.bench-installed  ## load 10,000 parts through a faulty proxy; SOAK_PARTS sets another number
	$(VENV)/bin/python -m benchmarks.soak

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(OLDEST) demo-output build site
