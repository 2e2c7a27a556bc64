# Everything here works on a machine with git, make and Python 3.11 or newer; `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run test quick soak lint fmt words bench shell lock

PYTHON := .venv/bin/python
# Arguments for pytest, as in: make test ARGS="tests/runtime -k front"
ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder
# Arguments for the benchmark, as in: make bench QUICK=1 BENCH="--only list reply"
BENCH ?=
# What `make quick` runs: rules, verbs, a screen and a format; no processes, no browsers, no made-up inputs.
QUICK_TESTS := tests/architecture tests/inbox/test_sections.py tests/inbox/test_start.py tests/dialects/test_woes.py \
	$(addprefix tests/conversations/test_, $(addsuffix .py, start receive reply notes status assigning sorting linking identify)) \
	$(addprefix tests/tickets/test_, $(addsuffix .py, opening status sorting permissions)) \
	$(addprefix --ignore=tests/architecture/test_, $(addsuffix .py, recipes locks words flows trace reactions))

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ## Start the desk: database, web and worker, with a demo desk at the first start (PORT=8000, SEED_DEMO=no)
	@config/server/venv.sh runtime
	@$(PYTHON) -m config.server run

test: ## Run all tests, about sixteen minutes on two cores, on a PostgreSQL of their own (TEST_DATABASE_URL for another)
	@config/server/venv.sh dev
	$(PYTHON) -m pytest $(ARGS)

quick: ## Run what takes under a minute on two idle cores: rules, verbs, a screen and a wire format
	@config/server/venv.sh dev
	$(PYTHON) -m pytest $(ARGS) -m "not browser and not soak" $(QUICK_TESTS)

soak: ## Run the long tests: a release killed after every commit, thousands of made-up bodies, fifty members at work (by hand)
	@config/server/venv.sh dev
	$(PYTHON) -m pytest -n 0 -m soak
	BAD_BODIES=500 SCHEMATHESIS_EXAMPLES=50 LOCK_ROUNDS=10 $(PYTHON) -m pytest -n 2 tests/dialects/test_bad_bodies.py tests/dialects/test_openapi.py tests/architecture/test_locks.py
	$(PYTHON) -m tests.benchmarks.team

lint: ## Check style, types, import rules, settings and migrations
	@config/server/venv.sh dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	DESK_HOME=.desk/test DATABASE_URL= $(PYTHON) manage.py check --fail-level WARNING
	DESK_HOME=.desk/test DATABASE_URL= $(PYTHON) manage.py makemigrations --check --dry-run

fmt: ## Format the code and fix what can be fixed automatically
	@config/server/venv.sh dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

words: ## Collect the words of the screens into the catalogues of translations, and compile them
	@config/server/venv.sh dev
	@DESK_HOME=.desk/test DATABASE_URL= $(PYTHON) manage.py collect_words

bench: ## Measure each operation beside a bare Django view, at three sizes; the first time fills their databases (QUICK=1: two minutes)
	@config/server/venv.sh dev
	$(PYTHON) -m tests.benchmarks $(if $(QUICK),--quick) $(BENCH)

shell: ## A Python shell inside the desk, beside a running one or without
	@config/server/venv.sh runtime
	@$(PYTHON) manage.py shell

# What is tested is what runs: the locks without the tools take their versions from the one with them.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade pyproject.toml
lock: ## Choose package versions anew, from pyproject.toml
	$(LOCK) --extra s3 --extra redis --group dev --group browser -o requirements-dev.lock
	$(LOCK) --extra s3 --extra redis --constraint requirements-dev.lock -o requirements-hosts.lock
	$(LOCK) --constraint requirements-dev.lock -o requirements.lock
