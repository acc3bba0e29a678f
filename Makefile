# `make run` and open the address it prints. `make check` before a commit.

PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin
# In parallel; whoever is done first takes over what others have not begun.
PYTEST = $(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: run dev test quick conformance soak tour kubectls check format lint types scripts layers bench i18n vendor lock wheel clean

run: $(VENV)/run.stamp
	@$(BIN)/python -m app.web.serve serve --host $(HOST) --port $(PORT)

dev: $(VENV)/dev.stamp

# The virtual environment and what the lock files name, once, and again when they change.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Loopscope needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp

# What checks the scripts and makes static/vendor/, once, and again when the lock file changes. The app needs none of it.
node_modules/stamp: package-lock.json
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' || { echo "Checking the scripts needs Node.js 20 or newer, with npm: https://nodejs.org"; exit 1; }
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Everything, tests with a browser, with kubectl, PostgreSQL and Redis included: all are found or installed, none skipped.
test: dev scripts
	$(BIN)/python -m tools.ensure_browser
	$(BIN)/python -m tools.ensure_kubectl
	$(BIN)/python -m tools.ensure_servers
	$(PYTEST)

# The scripts, module by module.
scripts: node_modules/stamp
	node --test --test-reporter=spec tests/js/*.test.js

# What needs neither a browser nor kubectl nor another server, nor Node.js: in less than a minute, while one works.
quick: dev
	$(PYTEST) --ignore tests/browser --ignore tests/kube --ignore tests/simulation --ignore tests/stores -m "not long"

# tests/kube with every kubectl: 1.20 and 1.27 to 1.36. `make test` takes four of them.
kubectls: dev
	KUBECTLS=all $(BIN)/python -m tools.ensure_kubectl
	KUBECTLS=all $(BIN)/python -m pytest -n auto tests/kube

# What a real cluster did in the recorded scenarios beside what this one does, how many of upstream's rules of validation hold
# here, and how many published shapes of manifests come to the end that they come to in a real one, as Markdown.
conformance: dev
	@$(BIN)/python -m tests.conformance.comparing
	@$(BIN)/python -m tests.registry.rules.counting
	@$(BIN)/python -m tests.conformance.shapes

# Random worlds with every kind and every fault, then what strangers send through every door; many seeds: `make soak
# SEEDS=1000`, one of them alone with `make soak SEED=17 SEEDS=1`. Then a server is killed at work: `make soak KILLS=200`, with
# several workers `WORKERS=2`.
soak: dev
	@$(BIN)/python tests/simulation/soak.py
	@$(BIN)/python -m tests.fuzz.soak
	@$(BIN)/python -m tests.fuzz.kills

# Every lesson in a browser, in both languages, at three sizes; leaves pictures in build/tour. One: `make tour LESSON=labels`.
tour: dev
	$(BIN)/python -m tools.ensure_browser
	@$(BIN)/python -m tests.tour $(LESSON)

check: format lint types test

format: dev
	$(BIN)/ruff format --check .

lint: dev node_modules/stamp
	$(BIN)/ruff check .
	npx --no biome lint --error-on-warnings

types: dev node_modules/stamp
	$(BIN)/mypy
	npx --no tsc

layers: dev
	$(BIN)/python -m pytest tests/test_layers.py

# Numbers for README, as Markdown tables.
bench: dev
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.control_plane
	$(BIN)/python -m benchmarks.traffic
	$(BIN)/python -m benchmarks.frames
	$(BIN)/python -m benchmarks.story
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.server
	$(BIN)/python -m benchmarks.hall
	$(BIN)/python -m benchmarks.kube
	$(BIN)/python -m benchmarks.custom_kinds
	$(BIN)/python -m benchmarks.hostile
	$(BIN)/python -m benchmarks.resets
	$(BIN)/python -m benchmarks.neighbours
	$(BIN)/python -m benchmarks.large
	$(BIN)/python -m benchmarks.half_requests
	$(BIN)/python -m benchmarks.checkpoints
	$(BIN)/python -m benchmarks.scrub
	$(BIN)/python -m benchmarks.pictures
	$(BIN)/python -m benchmarks.beside
	$(BIN)/python -m benchmarks.room_files
	$(BIN)/python -m benchmarks.story_file
	$(BIN)/python -m benchmarks.own_controllers
	$(BIN)/python -m benchmarks.operators
	$(BIN)/python -m benchmarks.queues
	$(BIN)/python -m benchmarks.cases

# After a sentence was added or changed: collect, then translate app/translations/ja/LC_MESSAGES/messages.po, then again.
i18n: dev
	@mkdir -p build
	$(BIN)/pybabel --quiet extract -F tools/babel.cfg -k N_ -k many:1,2 -k RequeueAfter:2 --no-location --sort-output -o build/messages.pot .
	$(BIN)/pybabel --quiet update --no-wrap --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date \
		-i build/messages.pot -d app/translations
	$(BIN)/pybabel --quiet compile -d app/translations

# static/vendor/ from npm, see tools/vendor/.
vendor: node_modules/stamp
	node tools/vendor/build.js

# The lock files from pyproject.toml, at the newest versions.
LOCK := pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-options
lock: dev
	$(BIN)/$(LOCK) -o requirements.txt pyproject.toml
	$(BIN)/$(LOCK) --allow-unsafe --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

wheel: dev
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf build dist node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
