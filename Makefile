# Everything that is done more than once. `make check` is what CI runs (.ci/run, in an environment of its own).
BIN ?= .venv/bin

.PHONY: check test lint postgres docs samples golden

check: lint test postgres

lint:
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	DJANGO_SETTINGS_MODULE=amable.server.settings $(BIN)/python -m django makemigrations --check --dry-run

test:
	$(BIN)/pytest $(PYTEST)

# The commands in the docs open SQLite files of their own: there is nothing more to learn from them here.
postgres:
	$(BIN)/pytest --db=postgres --ignore=tests/docs $(PYTEST)

# The generated parts of docs/reference, the demo's data, the golden files: read what changed as a diff.
docs:
	$(BIN)/python docs/generate.py

samples:
	$(BIN)/python -m tests.samples.make_sample

golden:
	AMABLE_REMAKE=1 $(BIN)/pytest tests/plugs tests/docs
