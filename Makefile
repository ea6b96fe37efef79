# Every target works in a fresh clone: it needs only Python 3.11, make and a package registry.

PYTHON ?= python3.11
VENV := .venv
OLDEST := .venv-oldest
# Tests whose code depends on the kernel.
DECODING := tests/wire tests/test_query.py tests/test_real_ticks.py

.PHONY: help demo test test-oldest test-sanitized inject fuzz lint docs notebooks bench soak clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# One virtual environment, with a stamp file for each extra installed in it.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%-installed: pyproject.toml setup.py $(wildcard kernel/*) | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(VENV)/.demo-installed  ## run a demonstration against a local service
	$(VENV)/bin/tickframe demo

test: $(VENV)/.test-installed test-oldest  ## run all tests with the newest and the oldest dependencies, with and without the kernel
	$(VENV)/bin/python -m pytest
	TICKFRAME_KERNEL=off $(VENV)/bin/python -m pytest $(DECODING)

# The lower bounds of pyproject.toml.
test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest
	TICKFRAME_KERNEL=off $(OLDEST)/bin/python -m pytest $(DECODING)

$(OLDEST)/.installed: pyproject.toml setup.py $(wildcard kernel/*) tests/oldest_requirements.py
	$(PYTHON) -m venv $(OLDEST)
	$(PYTHON) tests/oldest_requirements.py > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(OLDEST)/constraints.txt \
		--editable '.[oldest]'
	@touch $@

# The package with a kernel that aborts at the first read, write or shift out of bounds. Arrow and Python allocate with
# malloc, so that the sanitizer knows the bounds of their memory.
SANITIZED := $(CURDIR)/build/sanitized
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1

test-sanitized: $(VENV)/.test-installed  ## run the decoder's tests with address and undefined-behaviour sanitizers
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

inject: $(VENV)/.test-installed  ## inject interrupts, want of memory and failing files at every point of a load or export
	$(VENV)/bin/python -m pytest --dist load --points=all tests/faults/test_injection.py

EXECUTIONS ?= 1000000
PROCESSES ?= 2
SEED ?= 1
# The package with a kernel that tells libFuzzer which of its blocks ran, and what it compared.
GUIDED := $(CURDIR)/build/guided

fuzz: $(VENV)/.test-installed  ## fuzz frames, cache entries, exports and settings files (EXECUTIONS=, PROCESSES=, SEED=)
	rm -rf $(GUIDED) && mkdir -p $(GUIDED)
	cp -r src/tickframe $(GUIDED) && rm -f $(GUIDED)/tickframe/_kernel.*
	$(CC) -std=c11 -Wall -Wextra -O2 -fPIC -c fuzz/block_counters.c -o $(GUIDED)/block_counters.o
	$(CC) -std=c11 -O1 -g -fsanitize-coverage=trace-pc,trace-cmp -shared -fPIC -DPy_LIMITED_API=0x030B0000 \
		-I$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))') \
		kernel/*.c $(GUIDED)/block_counters.o -o $(GUIDED)/tickframe/_kernel.abi3.so
	PYTHONPATH=$(GUIDED) $(VENV)/bin/python -m fuzz.guided --executions $(EXECUTIONS) --seed $(SEED)
	$(VENV)/bin/python -m fuzz.fuzz_decode --executions $(EXECUTIONS) --processes $(PROCESSES) --seed $(SEED)

lint: $(VENV)/.lint-installed  ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/basedpyright

# Hides an announcement of MkDocs 2, which is not about these pages.
docs: export NO_MKDOCS_2_WARNING := 1
docs: $(VENV)/.docs-installed  ## build the documentation into site/
	$(VENV)/bin/mkdocs build --strict

notebooks: $(VENV)/.test-installed  ## run the notebooks and save their outputs
	$(VENV)/bin/python -m notebooks.execute

bench: $(VENV)/.bench-installed  ## compare with other packages and code written by hand; writes benchmarks/results.md
	$(VENV)/bin/python -m benchmarks.run

soak: $(VENV)/.bench-installed  ## load 10,000 parts (SOAK_PARTS=) through faulty proxies, with interrupts
	$(VENV)/bin/python -m benchmarks.soak

clean:  ## remove what the other targets created
	rm -rf $(VENV) $(OLDEST) demo-output build site
