# The house's commands. `make help` lists them.

# Python 3.11 or newer: the oldest that is here, because that is what production runs.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do command -v $$name && break; done)
VENV := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run stop test check format bench screens lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Start a whole hub with its demonstration network (PORT, HOST, VAR_DIR, DEMO=0, VERBOSE=1)
	@$(PYTHON) -m hub.process.install
	@exec $(VENV)/python -m hub.process run --with-parent

stop: ## Stop the hub of this VAR_DIR
	@exec $(PYTHON) -m hub.process stop

test: ## Run all tests on a PostgreSQL and Redis of their own (ARGS="tests/roaming -k token")
	@$(PYTHON) -m hub.process.install --tests
	@exec $(VENV)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## Format, lint, types, import rules, missing migrations, house rules and documents
	@$(PYTHON) -m hub.process.install --tests
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/lint-imports --no-logo
	DJANGO_SETTINGS_MODULE=hub_settings.testing $(VENV)/python -W ignore manage.py makemigrations --check --dry-run
	$(VENV)/python -m pytest --quiet tests/house

format: ## Format the code and mend what the linter can
	@$(PYTHON) -m hub.process.install --tests
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

bench: ## Measure the hot paths against baselines of the same run
	@$(PYTHON) -m hub.process.install --tests
	@exec $(VENV)/python -m benchmarks $(ARGS)

screens: ## Take pictures of every page into VAR_DIR/screens, and those of the documents into docs/screens
	@$(PYTHON) -m hub.process.install --tests
	@mkdir -p $(SCREENS) docs/screens
	SCREENS_DIR=$(SCREENS) $(VENV)/python -m pytest --quiet tests/hub/browser/test_screens.py
	cp $(SCREENS)/portal-02-statement-desk-light.png docs/screens/portal-statement.png
	cp $(SCREENS)/portal-00-portal-phone-dark.png docs/screens/portal-phone.png
	cp $(SCREENS)/portal-06-held-desk-light.png docs/screens/portal-held.png
	cp $(SCREENS)/portal-11-dispute-desk-light.png docs/screens/portal-dispute.png
	cp $(SCREENS)/portal-09-verify-desk-light.png docs/screens/portal-verify.png
	cp $(SCREENS)/admin-02-run-desk-light.png docs/screens/admin-run.png
	cp $(SCREENS)/public-02-network-desk-light.png docs/screens/network.png

SCREENS = $(abspath $(or $(VAR_DIR),var)/screens)

lock: ## Write the requirement files anew from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) --group embedded --constraint requirements.txt --output-file hub/process/requirements.txt
	$(LOCK) --group dev --constraint requirements.txt --constraint hub/process/requirements.txt --output-file tests/requirements.txt

LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
