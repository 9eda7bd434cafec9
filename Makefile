# What a newcomer types. Needs python3 (3.11 or later) and a Rust toolchain; everything else is installed
# from the package registries into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PENCHANT_DATA ?= $(abspath ../shared/data)
DATA ?=
EXAMPLES ?= 20000

SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find src python -name '*.rs' -o -name '*.py' -o -name '*.pyi')

.PHONY: help demo test test-cluster test-arm64 lint fuzz bench quality docs clean

help: ## Show what there is
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 24

demo: $(VENV)/installed ## Train a model and show what it recommends; DATA=folder for real Last.fm data
	$(BIN)/python -m penchant demo $(if $(DATA),--data "$(DATA)")

test: $(VENV)/installed ## Run the tests of both languages
	$(BIN)/pip install --quiet --group test --group docs
	cargo test --locked
	$(BIN)/python -m pytest

lint: $(VENV)/installed ## Check formatting, lints, types, stubs and documentation
	$(BIN)/pip install --quiet --group lint --group test
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	PYO3_PYTHON=$(abspath $(BIN)/python) cargo clippy --locked --features python -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	@if cargo tree --locked --edges normal | grep -E '\b(pyo3|numpy) v'; then \
	  echo "the crate without features must not depend on pyo3 or numpy"; exit 1; fi
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest penchant._core

test-cluster: $(VENV)/installed ## Run the tests on a Ray cluster of four nodes on this machine; QUICK=1 without the long ones
	$(BIN)/pip install --quiet --group cluster $(if $(QUICK),,--group spark)
	$(if $(QUICK),,command -v java >/dev/null || { apt-get -qq update && apt-get -qq -y install default-jre-headless; })
	$(BIN)/python -m pytest --timeout 120 tests/cluster $(if $(QUICK),-m "not long")

test-arm64: ## Run the crate's tests as a 64-bit Arm would, under qemu; as root on Debian
	tests/arm64.sh

fuzz: $(VENV)/installed ## Make many hostile calls: EXAMPLES=20000 of each kind
	$(BIN)/pip install --quiet --group test
	PENCHANT_FUZZ=$(EXAMPLES) $(BIN)/python -m pytest tests/python/test_hostile.py tests/python/test_hostile_events.py
	PROPTEST_CASES=$(EXAMPLES) cargo test --locked --lib --test rust

bench: $(VENV)/installed ## Run the benchmarks: the crate's own, then the comparison with other libraries (quick size)
	cargo bench --locked
	$(BIN)/python benches/peers/compare.py
	$(BIN)/python benches/peers/top_n.py
	$(BIN)/python benches/peers/events.py
	$(BIN)/python benches/peers/neighbours.py

quality: $(VENV)/installed ## Measure how good recommendations are on public data, beside published figures
	$(BIN)/pip install --quiet optuna pyarrow
	$(BIN)/python benches/quality/run.py

docs: $(VENV)/installed ## Write the notebooks from their scripts, and build the site (into site/) and the documentation of the crate
	cargo doc --locked --no-deps
	$(BIN)/pip install --quiet --group docs
	$(BIN)/python docs/make_notebooks.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean: ## Remove everything that was built
	rm -rf target dist site .cache $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("penchant needs Python 3.11 or later") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1" "maturin>=1.16,<2.0"

# The wheel that a user would install, built with the release profile.
$(VENV)/installed: $(VENV)/bin/python $(SOURCES)
	rm -rf dist
	$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist
	$(BIN)/pip install --quiet dist/*.whl
	$(BIN)/pip install --quiet --no-deps --force-reinstall dist/*.whl
	touch $@
