# make install | demo | test | full | check | wheel | pictures | bench | lock | clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: install demo test full check wheel pictures bench lock clean servers
.DEFAULT_GOAL := install

install: $(VENV)/.installed

# The stamp is younger than what it was made from, or everything is installed again.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps -e .
	touch $@

# A fresh Debian has python3 without ensurepip, which venv needs.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (PYTHON=python3.x make)" >&2; exit 1; }
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv; \
	  else \
	    echo "python3 cannot make a virtual environment: install python3-venv" >&2; exit 1; \
	  fi; \
	fi
	$(PYTHON) -m venv $(VENV)

# The real SCIM servers that tests run against: Node packages and Django environments, each cached by a stamp.
servers: install
	$(BIN)/python tests/servers/install.py

demo: install
	$(BIN)/reconcile demo

test: install servers
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/actionlint -no-color
	$(BIN)/zizmor --offline --no-progress --quiet --strict-collection --persona pedantic .github action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	$(BIN)/yamllint --strict .github action.yml starter desired_state

# What people install is not the checkout: build the wheel, install it elsewhere with what it needs to run only, use what it ships.
wheel: install
	rm -rf dist .cache/wheel
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .
	$(PYTHON) -m venv .cache/wheel
	.cache/wheel/bin/pip install --quiet --require-hashes -r requirements-runtime.lock
	.cache/wheel/bin/pip install --quiet --no-deps dist/*.whl
	cd .cache && wheel/bin/python ../tests/installed.py
	cd .cache && wheel/bin/reconcile --help >/dev/null

# What is bounded in `make test`, at full length: every fault at every request, long properties and fuzzing.
full: install servers
	RECONCILE_FULL=$${RECONCILE_FULL:-1} $(BIN)/python -m pytest tests/faults tests/properties tests/fuzz tests/checking tests/reports -s -o timeout=0

# What docs/ shows: the comment, the drift issue and the HTML plan, as a browser shows them.
pictures: install servers
	RECONCILE_PICTURES=docs/images $(BIN)/python -m pytest tests/github/test_pictures.py

# RECONCILE_BENCH_USERS, _ROUNDS and _CHANGES say how much: tests/benchmarks/test_plan.py and test_apply.py.
bench: install
	$(BIN)/python -m pytest tests/benchmarks -o testpaths= -s

# pip takes an extra from the newest release unless its pin names the extra. No registry's host may stand in a lock file: each machine has its own.
COMPILE := uv pip compile --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --quiet
lock: install
	$(BIN)/$(COMPILE) pyproject.toml --extra dev -o requirements.lock
	$(BIN)/$(COMPILE) pyproject.toml --constraint requirements.lock -o requirements-runtime.lock
	cd tests/servers/django_scim2 && $(CURDIR)/$(BIN)/$(COMPILE) requirements.in -o requirements.lock
	cd tests/servers/django_scim2_server && $(CURDIR)/$(BIN)/$(COMPILE) requirements.in -o requirements.lock
	cd tests/servers/scimmy && npm install --package-lock-only

clean:
	rm -rf $(VENV) .cache build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/servers/scimmy/node_modules
