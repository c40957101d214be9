# make run    everything a first look needs, then server and worker on 127.0.0.1:8000 (PORT, DATA_DIR override)
# make test   the whole suite on SQLite, then on PostgreSQL (TEST_DATABASE_URL, else a server from a wheel)
# make lint   style, forgotten migrations, production settings
# make bench  the benchmarks, on both databases; figures and targets in DATA_DIR/bench.json
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
export DATA_DIR ?= $(CURDIR)/var
BIN := $(VENV)/bin

.PHONY: run test test-sqlite test-postgresql lint fix bench

$(VENV)/.runtime: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(VENV)/.runtime
	@mkdir -p -m 700 "$$DATA_DIR"
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py set_up
	@echo "The registry answers on http://127.0.0.1:$(PORT)/ · stop it with Ctrl+C"
	@$(BIN)/python -m config.serve --bind 127.0.0.1:$(PORT) --workers 2 --threads 4 --timeout 900 --log-level warning

test: test-sqlite test-postgresql

test-sqlite: $(VENV)/.development
	env -u TEST_DATABASE_URL TEST_DATABASE=sqlite $(BIN)/python -m pytest -n 2 $(ARGS)

test-postgresql: $(VENV)/.development
	TEST_DATABASE=postgresql $(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python manage.py makemigrations --check --dry-run
	MODE=production SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(60))") \
	DATABASE_URL=postgresql://registry@localhost/registry ALLOWED_HOSTS=registry.example.kz \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

fix: $(VENV)/.development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.development
	$(BIN)/python -m tests.benchmarks $(ARGS)
