# Everything that is done more than once. `make check` is what CI runs (.ci/run, in an environment of its own).
BIN ?= .venv/bin

.PHONY: check test lint postgres docs samples golden bench crash crash-workers screenshots pictures fuzz limits torn \
	matching-quality sequences

check: lint test postgres
	$(MAKE) crash KILLS=20

lint:
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	DJANGO_SETTINGS_MODULE=amable.server.settings $(BIN)/python -m django makemigrations --check --dry-run

test:
	$(BIN)/pytest $(PYTEST)

# The rules know no database, and the commands in the docs open SQLite files of their own: --db leaves them out.
postgres:
	$(BIN)/pytest --db=postgres $(PYTEST)

# Real processes, killed so often while they send 25 messages a kill, beside a mail server that writes down what it
# takes; then every other fault. A table on screen. The long form takes a quarter of an hour, `make crash KILLS=20` a
# few minutes; FAULTS="c1 m5" does only these.
KILLS = 200

crash:
	$(BIN)/python -m tests.rig.crash --kills $(KILLS) $(FAULTS)

# The generated parts of docs/reference, the demo's data, the golden files: read what changed as a diff.
docs:
	$(BIN)/python docs/generate.py

samples:
	$(BIN)/python -m tests.samples.make_sample

golden:
	AMABLE_REMAKE=1 $(BIN)/pytest tests/plugs tests/docs

# Real files changed at random, each of which must get an answer: `make fuzz MINUTES=10`. What did not is kept in
# tests/samples/hostile for the suite.
MINUTES = 10

fuzz:
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

# Files made to do harm, some as large as is read at all: seconds, memory, connections and opened files of each, on
# screen; a quarter of an hour. `make limits ONLY=camt` does some. And every real file cut off after each thousandth byte.
limits:
	$(BIN)/python -m tests.fuzz.limits $(if $(ONLY),--only "$(ONLY)")

torn:
	$(BIN)/python -m tests.fuzz.torn

# Many workers on one PostgreSQL, killed, stopped and replaced: half an hour; `make crash-workers SMALL=1` takes minutes.
crash-workers:
	$(BIN)/python -m tests.rig.workers $(if $(SMALL),--messages 400 --seeds 1 2 3)

# How well payments find their items: a made-up year for each way of numbering invoices, a table of what became of each
# habit; it fails below the gates that tests/rig/matching_quality.py states.
matching-quality:
	$(BIN)/python -m tests.rig.matching_quality --numbering series letters long year digits short

# Ten thousand random sequences of payments, reversals and undos against a model of the ledger: half an hour.
sequences:
	AMABLE_SEQUENCES=10000 $(BIN)/pytest --timeout=0 tests/contexts/banking/test_sequences.py

# How quick it is, beside the least each piece can cost: tables on screen, rows of JSON in bench.json. The sizes are
# those of a large creditor and take an hour or two; `make bench SMALL=1` takes minutes. TRYTON names the Python of an
# environment that has Tryton and its dunning, to compare with.
ifdef SMALL
BOOK = 40000
MANY = 5000
FEW = 50
ROUNDS = 1
else
BOOK = 1000000
MANY = 100000
FEW = 1000
ROUNDS = 3
endif
MEASURE = --rounds $(ROUNDS) --json bench.json

bench:
	$(BIN)/python bench/planning.py --invoices $(BOOK) $(MEASURE)
	$(BIN)/python bench/planning.py --invoices $(BOOK) --postgres $(MEASURE)
	$(BIN)/python bench/composing.py --mails $(shell expr $(MANY) / 10) $(MEASURE)
	$(BIN)/python bench/letters.py --letters $(FEW) $(MEASURE)
	$(BIN)/python bench/sending.py --messages $(shell expr $(FEW) \* 5) --pin $(MEASURE)
	$(BIN)/python bench/sending.py --messages $(shell expr $(FEW) \* 5) --pin --postgres $(MEASURE)
	$(BIN)/python bench/matching.py --invoices $(BOOK) --payments $(MANY) $(MEASURE)
	$(BIN)/python bench/receiving.py --payments $(MANY) $(MEASURE)
	$(BIN)/python bench/statements.py --megabytes $(shell expr $(MANY) / 1000) --lines $(MANY) $(MEASURE)
	$(BIN)/python bench/importing.py --rows $(MANY) $(MEASURE)
	$(BIN)/python bench/einvoices.py --invoices $(shell expr $(MANY) / 10) $(MEASURE)
	$(BIN)/python bench/replaying.py $(MEASURE)
	$(if $(TRYTON),$(BIN)/python bench/tryton.py --python $(TRYTON) --json bench.json)
	$(BIN)/python bench/desk.py --items $(MANY) --json bench.json
	$(BIN)/python bench/desk.py --items $(MANY) --postgres --json bench.json

# A picture of every page of the desk, on the sample's day: `make screenshots LANGUAGES="en es ro fr"`.
LANGUAGES = en

screenshots:
	$(BIN)/python -m tests.browser.screenshots --languages $(LANGUAGES)

# Those of the README and the tour, remade when the desk has changed its face.
pictures:
	$(BIN)/python -m tests.browser.screenshots --fold --role controller --folder docs/pictures --looks light \
		--only today message customer money procedure-effect
	$(BIN)/python -m tests.browser.screenshots --fold --role controller --folder docs/pictures --looks phone-dark --only today
