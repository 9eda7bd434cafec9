# What a newcomer types. Needs python3 (3.11 or later) and a Rust toolchain; everything else is installed
# from the package registries into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PENCHANT_DATA ?= $(abspath ../shared/data)
DATA ?=
EXAMPLES ?= 20000

SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find src python -name '*.rs' -o -name '*.py' -o -name '*.pyi')

.PHONY: help demo test test-page test-cluster test-peers test-arm64 test-wheel wheel release-check soak audit audit-python semver lint fuzz bench quality docs clean

help: ## Show what there is
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 24

demo: $(VENV)/installed ## Train a model and show what it recommends; DATA=folder for real Last.fm data
	$(BIN)/python -m penchant demo $(if $(DATA),--data "$(DATA)")

test: $(VENV)/installed ## Run the tests of both languages
	$(BIN)/pip install --quiet --group test --group docs
	cargo test --locked
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

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
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet .github

test-page: $(VENV)/installed ## Run the page of 'penchant explore' in a browser without a window; as root on Debian
	$(BIN)/pip install --quiet --group test --group page
	command -v chromedriver >/dev/null || { apt-get -qq update && apt-get -qq -y install chromium chromium-driver; }
	$(BIN)/python -m pytest tests/page

test-cluster: $(VENV)/installed ## Run the tests on a Ray cluster of four nodes on this machine; QUICK=1 without the long ones
	$(BIN)/pip install --quiet --group cluster $(if $(QUICK),,--group spark)
	$(if $(QUICK),,command -v java >/dev/null || { apt-get -qq update && apt-get -qq -y install default-jre-headless; })
	$(BIN)/python -m pytest --timeout 120 tests/cluster $(if $(QUICK),-m "not long")

test-arm64: ## Run the crate's tests as a 64-bit Arm would, under qemu; as root on Debian
	tests/arm64.sh

test-peers: $(VENV)/installed ## Run the examples for RecTools and LensKit, in .venv-peers; LensKit brings gigabytes of PyTorch
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --no-deps --force-reinstall dist/*.whl
	.venv-peers/bin/pip install --quiet dist/*.whl pytest pandas lenskit attrs typeguard
	.venv-peers/bin/pip install --quiet --no-deps rectools pm-implicit
	.venv-peers/bin/python -m pytest tests/peers

wheel: $(VENV)/bin/python ## Build the wheel that is published for Linux on this CPU, into dist/wheel, and have it audited
	$(BIN)/pip install --quiet --group wheel
	rm -rf dist/wheel
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/maturin build --release --locked --zig --compatibility manylinux2014 \
	  --interpreter $(BIN)/python --out dist/wheel
	$(BIN)/auditwheel show dist/wheel/*.whl
	$(BIN)/abi3audit --strict --summary dist/wheel/*.whl

test-wheel: wheel ## Install that wheel in bare folders of an old and a new Debian, and use it there; as root on Debian
	PYTHON=$(BIN)/python tests/wheel.sh dist/wheel/*.whl

release-check: ## Say what a release lacks
	$(PYTHON) .ci/release_check.py

soak: $(VENV)/installed ## Load a service for MINUTES=3 while events come in and models are swapped
	$(BIN)/pip install --quiet --group test
	$(BIN)/python benches/soak.py --minutes $(or $(MINUTES),3)

audit: audit-python ## Check licences and sources of dependencies, and what is reported of them
	command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny
	cargo deny --locked check $(if $(OFFLINE),bans licenses sources,)

audit-python: $(VENV)/bin/python
	$(BIN)/pip install --quiet --group audit
	$(BIN)/python .ci/requirements.py > $(VENV)/requirements.txt
	$(BIN)/pip-audit --requirement $(VENV)/requirements.txt --progress-spinner off

semver: ## Compare the crate's interface with that of another commit: BASE=v0.1.0
	command -v cargo-semver-checks >/dev/null || cargo install --locked --quiet cargo-semver-checks
	cargo semver-checks --baseline-rev $(BASE) --default-features

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
	rm -rf target dist site .cache .venv-peers $(VENV)

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
