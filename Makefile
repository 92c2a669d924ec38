# The two commands of the house are `make demo` and `make test`; everything else serves them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A run of the tests starts many hundreds of processes: where none keeps compiled code, each compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install python-venv demo lab test again wheel redteam proof audit mutants fuzz frontends browser node database torture postgres bench peers floors lock clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ag-enclave needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || $(MAKE) --no-print-directory python-venv
	@echo "Installing the packages of requirements.lock into $(VENV): one to four minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Debian and its kin keep a part of Python in a package of its own.
python-venv:
	@test "$$(id -u)" = 0 && command -v apt-get > /dev/null || { echo "ag-enclave needs Python's venv; on Debian, as root: apt-get install python3-venv"; exit 1; }
	apt-get -qq update
	apt-get -qq install --yes python3-venv

demo: install
	$(BIN)/python examples/demo.py

lab: install
	$(BIN)/python examples/demo.py --lab

test: install database
	$(BIN)/python -m pytest -n auto --quiet --tb=short --disable-warnings -r sfE

# What the last run failed, once more and one after the other. A test that passes now depends on how busy the machine is: it is named, and to be mended too.
again: install
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none -rA --quiet --show-capture no --disable-warnings

# The tests start a server of their own; only its programs must be there.
database:
	@ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || command -v initdb > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null && apt-get -qq update && apt-get -qq install --yes --no-install-recommends postgresql > /dev/null; } || echo "Without PostgreSQL the tests on it are left out; on Debian, as root: apt-get install postgresql"

# What users get: the wheel, built from the sdist and installed with the newest releases of everything, away from this tree.
WHEEL := .venv-wheel
wheel: install
	$(BIN)/python -m pytest tests/installed --override-ini addopts="--import-mode=importlib --strict-markers"
	@mkdir -p dist && cp $(WHEEL)/*.whl dist/ && echo "The package that was tried: $$(ls dist/*.whl)"

# Every attack, with the policy and without it, as a table by class.
redteam: install
	$(BIN)/python -m tests.redteam

# The proofs of privacy by test, in depth: twenty times as many neighbouring databases as in make test, 1e5 draws of each mechanism, deaths at
# every step of a charge, a million spends.
proof: install
	AG_PROOF_DEPTH=20 $(BIN)/python -m pytest -n auto tests/vault/test_replay.py tests/vault/test_replay_found.py tests/vault/test_spaces.py tests/vault/test_nested_relations.py tests/vault/test_goodness.py tests/vault/test_ledger_torn.py

# Hostile bytes at every door, a minute each: guided by coverage where atheris has a wheel for this Python, by mutation in any case.
fuzz: install
	@$(BIN)/python -m pip install --quiet --only-binary :all: atheris==3.0.0 || echo "no wheel of atheris for this Python: mutations only"
	$(BIN)/python -m tests.fuzz

# What 1e5 draws of every release certify that it loses, against what it is charged; at last the same of noise a tenth too small.
audit: install
	$(BIN)/python -m tests.audit

# Every planted bug and the test that catches it, in copies of the tree.
mutants: install
	$(BIN)/python -m tests.mutants

# Jupyter clients that are not ours, at their newest, in a Python, a Node and a browser of their own. What can't be installed is said, and left out.
FRONTENDS := .venv-frontends
NODE := tests/frontends/node
frontends: install $(FRONTENDS)/.installed
	@command -v chromium > /dev/null && command -v chromedriver > /dev/null || $(MAKE) --no-print-directory browser
	@command -v npm > /dev/null || $(MAKE) --no-print-directory node
	@! command -v npm > /dev/null || $(MAKE) --no-print-directory $(NODE)/node_modules/.installed
	$(FRONTENDS)/bin/python -m pytest tests/frontends -rs --confcutdir tests/frontends --override-ini addopts="--import-mode=importlib --strict-markers"

# Colab's generation is the oldest of everything that the client admits.
$(FRONTENDS)/.installed: pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	$(PYTHON) -m venv $(FRONTENDS)
	$(FRONTENDS)/bin/python -m pip install --quiet jupyterlab nbclient nbconvert papermill tqdm jupyter-kernel-client selenium pytest --editable ".[proxy]"
	$(PYTHON) -m venv $(FRONTENDS)/colab
	$(BIN)/uv pip compile pyproject.toml --python $(FRONTENDS)/colab/bin/python --extra frames --extra proxy --extra plots --resolution lowest-direct --only-binary :all: --no-header --no-annotate --quiet --output-file $(FRONTENDS)/colab/requirements.txt \
	&& $(FRONTENDS)/colab/bin/python -m pip install --quiet -r $(FRONTENDS)/colab/requirements.txt --editable . || echo "Colab's generation of IPython does not install on this Python: its tests are left out"
	@touch $@

$(NODE)/node_modules/.installed: $(NODE)/package-lock.json
	@npm ci --prefix $(NODE) --silent --no-audit --no-fund && touch $@ || echo "npm can't install what VS Code is built on (is there a package registry?): its tests are left out"

browser:
	@test "$$(id -u)" = 0 && command -v apt-get > /dev/null && apt-get -qq update && apt-get -qq install --yes chromium chromium-driver > /dev/null || echo "Without Chromium the tests in JupyterLab are left out; on Debian, as root: apt-get install chromium chromium-driver"

node:
	@test "$$(id -u)" = 0 && command -v apt-get > /dev/null && apt-get -qq update && apt-get -qq install --yes nodejs npm > /dev/null || echo "Without Node the tests of VS Code's library are left out; on Debian, as root: apt-get install nodejs npm"

# Processes killed at random moments, many times over, on SQLite and PostgreSQL; and whole sessions as an ordinary user and in a container.
torture: install database
	AG_TORTURE_ROUNDS=20 $(BIN)/python -m pytest tests/enclave/test_killed.py tests/enclave/test_several_enclaves.py tests/magic/test_reviews.py tests/sandbox/test_container.py tests/vault/test_ledger_server.py

# Whole enclaves of the tests with accounts and ledger on PostgreSQL, and every attack on them. Tests of SQLite's files alone are left out.
ON_SERVER := $(addprefix tests/enclave/test_,accounts.py console.py demo_session.py hostile_clients.py hostile_routes.py login.py notices.py oidc.py operations.py ownership.py owners_guide.py \
	precedence.py reconnect.py requests.py routes.py sessions.py standing.py) $(addprefix tests/magic/test_,competitions.py datasets.py owner.py reviews.py tensor.py) tests/redteam
postgres: install database
	AG_TEST_DATABASE=postgresql $(BIN)/python -m pytest -n auto $(ON_SERVER)

bench: install
	$(BIN)/python -m tests.bench

# The same questions to other libraries of differential privacy, each in a venv of its own under .venv-peers; half an hour, and 4 GB of disk.
peers: install
	$(BIN)/python -m tests.bench.peers

# The oldest releases that pyproject.toml admits, in a venv of their own: the demo, and the tests of what an analyst meets.
FLOORS := .venv-floors
floors: install $(FLOORS)/.installed
	$(FLOORS)/bin/python examples/demo.py --state .state/floors
	$(FLOORS)/bin/python -m pytest -n auto --quiet --tb=short --disable-warnings tests/plan tests/magic tests/kernel tests/private_pandas tests/enclave -m "not slow"

$(FLOORS)/.installed: pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(PYTHON) -m venv --clear $(FLOORS)
	$(BIN)/uv pip compile pyproject.toml --python $(FLOORS)/bin/python --all-extras --resolution lowest-direct --no-header --no-annotate --quiet --output-file $(FLOORS)/requirements.txt
	$(FLOORS)/bin/python -m pip install --quiet -r $(FLOORS)/requirements.txt
	$(FLOORS)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Rewrites the pinned versions within the ranges of pyproject.toml.
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --output-file requirements.lock

clean:
	rm -rf dist $(VENV) $(WHEEL) $(FLOORS) $(FRONTENDS) $(NODE)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
