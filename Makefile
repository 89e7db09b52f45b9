# make run    install into .venv and start the server (settings: PERSONAE_…, see docs)
# make test   install what the tests need and run them        make lint   style, types, rooms
# make coverage  the same, and tell which lines and branches no test came by
# make faults kill, stop, cut and fill things under load, and check the history (minutes; some as root)
# make fuzz   random messages, then Schemathesis, against a whole server: 5 minutes; ARGS=seconds of the first (90)
# make api-coverage  run the tests of the API and write docs/api-coverage.md from what they showed
# make bench  measure; never asserts a time. ARGS="store runtime aggregates projections" is the engine (5 minutes);
#             ARGS=growth how a rebuild grows with the log, EVENTS="1000000 10000000" how far it goes (minutes to an hour)
# make proto  rebuild the descriptor set
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# one more than two cores, since a third of the tests' time is waiting
TEST_PROCESSES ?= 3

.PHONY: run test coverage faults lint bench proto format clean api-coverage fuzz

run: $(VENV)/.run
	@exec $(BIN)/personae start

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,lint]'
	@touch $@ $(VENV)/.run

test: $(VENV)/.dev
	@sh tests/need_chromium.sh
	@sh tests/need_slapd.sh
	$(BIN)/python -m pytest --numprocesses=$(TEST_PROCESSES) $(ARGS)

coverage:
	$(MAKE) test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

faults: $(VENV)/.dev
	$(BIN)/python -m pytest -o addopts="--strict-markers --import-mode=importlib -ra" -s tests/faults $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=.types $(BIN)/mypy -p personae.actors -p personae.store -p personae.projections -p personae.config -p personae.http
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

api-coverage: $(VENV)/.dev
	API_COVERAGE=write $(BIN)/python -m pytest --no-cov -q tests/http/api

fuzz: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench $(ARGS)

proto: $(VENV)/.dev
	$(BIN)/python -m personae.http.wire.build

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
