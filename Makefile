# Everything runs in the virtual environment .venv; its command is .venv/bin/sfsync.
# The first target that needs it creates it; later ones check quickly that it still matches the lock file.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

WORKERS ?= 3
HISTORIES ?= 5000
# Per cent of the lines and branches of the pure rules that their own unit tests reach.
FLOOR := 96
ARGS ?=

BIN := .venv/bin
SERVICES := mariadb postgresql redis pgbouncer chromium faketime php systemd

# Servers are in sbin, which is not on everybody's PATH.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
# Tests and benchmarks start thousands of processes: each would compile every module again where none may be kept.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## Create or update .venv from requirements.lock
	@sh tools/setup

.PHONY: services
services: ## Install the servers and the browser that the tests use, if they are missing
	@sh tools/services $(SERVICES)

.PHONY: demo
demo: setup ## Show the whole story on this machine: a shop, a sandbox Shopping Feed, the mails (no network)
	@$(BIN)/sfsync demo $(ARGS)

.PHONY: run
run: setup ## Run the service in the foreground
	@$(BIN)/sfsync run $(ARGS)

.PHONY: test
test: setup services ## Run all tests on SQLite and real servers, then those of our tables on PostgreSQL (ARGS=… for some)
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)
	@test -n "$(ARGS)" || SFSYNC_TEST_DATABASE=postgresql \
		$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/database/engine tests/backoffice

.PHONY: test-long
test-long: setup services ## Run the fault tests over HISTORIES=5000 random histories, runs disturbed at each step on each engine
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/faults --every-step --histories=$(HISTORIES) $(ARGS)

.PHONY: coverage
coverage: setup services ## Run all tests and list the lines they do not reach
	@$(BIN)/coverage erase
	@$(BIN)/coverage run --parallel-mode -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --show-missing --skip-covered

.PHONY: check
check: setup ## Lint, format, templates, types, arrows between packages, promises of the documentation, coverage of the rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/djlint --quiet --lint src/sfsync/templates src/sfsync/guard/templates
	@$(BIN)/djlint --quiet --check src/sfsync/templates src/sfsync/guard/templates
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/unit/test_project.py
	@$(BIN)/coverage run --data-file=.coverage.rules -m pytest -q -p no:cacheprovider tests/unit/domain
	@$(BIN)/coverage report --data-file=.coverage.rules --include='*/sfsync/domain/*' --skip-covered --fail-under=$(FLOOR)

.PHONY: bench
bench: setup services ## Measure what an order costs, compared with the bare client
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: messages
messages: setup ## Collect new texts into the translations (.po) and compile them (.mo)
	@sh tools/services gettext
	@cd src/sfsync && $(CURDIR)/$(BIN)/django-admin makemessages --locale fr --no-wrap --no-obsolete \
		--add-location file --verbosity 0
	@find src -name '*.po' -exec sh -euc 'for po; do \
		sed "/^.POT-Creation-Date/d" "$$po" >"$$po.new" && mv "$$po.new" "$$po"; \
		msgfmt --check --output-file="$${po%.po}.mo" "$$po"; \
	done' compile {} +

.PHONY: lock
lock: setup ## Update requirements.lock from pyproject.toml with as few changes as possible (ARGS=--upgrade for all)
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--all-extras --group dev --no-emit-package shoppingfeed --quiet $(ARGS) pyproject.toml -o requirements.lock

.PHONY: dist
dist: setup ## Build the wheels, their pinned requirements and the bill of materials (CycloneDX) into dist/
	@sh tools/dist dist

.PHONY: deb
deb: dist ## Build a Debian package for this machine's Debian or Ubuntu into dist/
	@sh tools/deb dist

.PHONY: image-test
image-test: dist ## Build the container image without a container engine, weigh it, have podman run it (as root; minutes)
	@sh tools/image

.PHONY: audit
audit: setup ## Look up every locked package in PyPI's advisories (fails where one cannot be looked up: needs the network)
	@test -x $(BIN)/pip-audit || $(BIN)/python -m pip install --quiet pip-audit
	@$(BIN)/python tools/audit.py

.PHONY: clean
clean: ## Remove .venv and generated files (never a shop's settings or database)
	@rm -rf .venv .coverage .coverage.* htmlcov .hypothesis .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache build dist packages/*/dist
	@find src packages tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
