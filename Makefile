# Two commands on a fresh machine (Python 3.11+, make): `make demo`, `make test`. Each installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 3
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A virtual environment that happens to be active is somebody else's.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

.PHONY: demo test test-compiled check format-check lint types contracts terraform-rules workflow-rules bench fuzz simulate soak format lock clean

demo: $(VENV)/.demo
	$(BIN)/wakeproxy demo $(ARGS)

# Most tests wait for processes and sockets, so that a machine has time for more of them than it has cores.
test: $(VENV)/.dev chromium tools
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# The same hot path as machine code, as production has it, by the tests of what it does.
test-compiled: $(VENV)/.dev tools
	./tools/compile
	cd build/compiled && COMPILED=1 ../../$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile tests/wire \
		tests/upstream tests/front tests/pages/test_compression.py tests/pages/test_wait_pages.py tests/house/test_compiled.py $(ARGS)

# Each of these stands alone; `make -j2 --output-sync check` takes the cores there are.
check: format-check lint types contracts coverage-core coverage-deploy coverage-engine coverage-wire terraform-rules workflow-rules

format-check: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

coverage-%: $(VENV)/.dev
	./tools/coverage-gate $*

# checkov's rules, on Terraform and on the API's contract.
terraform-rules: $(VENV)/bin/python
	./tools/check-terraform

# actionlint's, shellcheck's and hadolint's rules, on workflows, scripts and Dockerfiles.
workflow-rules: $(VENV)/bin/python
	./tools/check-workflows

# What is measured is what production runs: compiled.
bench: $(VENV)/.dev chromium tools
	./tools/compile
	cd build/compiled && ../../$(BIN)/python -m benchmarks

# For as long as one likes: `make fuzz ARGS="--seconds 3600"`, `make simulate ARGS="--seconds 3600"`,
# `make soak ARGS="--minutes 60"`.
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz $(ARGS)

simulate: $(VENV)/.dev
	$(BIN)/python -m tests.simulation $(ARGS)

soak: $(VENV)/.dev
	$(BIN)/python -m tests.soak $(ARGS)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# After a change of dependencies in pyproject.toml.
lock: $(VENV)/.dev
	./tools/lock

.PHONY: chromium tools
chromium:
	@./tools/ensure-chromium

tools:
	@./tools/ensure-tools

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("wakeproxy needs Python 3.11 or newer; set PYTHON=python3.x")'
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/demo.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) .venv-peers .venv-checkov .venv-workflows build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
