# Two commands on a fresh machine: make run, make test. Windows and macOS: see README.md.

VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
SAMPLE := sample:indian-pines

.PHONY: run test suite lint bench screenshots constraints clean

run: $(STAMP)  ## the application on the sample scene; without a display the same job in the terminal
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		echo "No display found: running the sample job without a window, results go to ./demo/"; \
		$(BIN)/hsi-viewer demo --output demo --overwrite; \
	else \
		$(BIN)/hsi-viewer open $(SAMPLE); \
	fi

test: $(STAMP)  ## lint and every test, side by side: mypy uses one core
	@$(MAKE) --no-print-directory --jobs 2 lint suite

# Three workers on two cores: a fifth of the time tests wait. In the order of the folders, for the
# longest files come first in it; with compiled files, which
# many child processes import. In a fresh copy one process compiles the tests first, or each of the
# workers does, which takes twice as long as all else that they do before the first test.
suite: $(STAMP)
	@[ -d tests/unit/__pycache__ ] || PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q --collect-only >/dev/null || true
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## accuracy, distillation and speed; hours, and it goes on where it was stopped
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.development
	$(BIN)/python -m benchmarks.distillation
	$(BIN)/python -m benchmarks.self_teaching
	$(BIN)/python -m benchmarks.hybridsn
	$(BIN)/python -m benchmarks.front_ends
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.guidance
	$(BIN)/python -m benchmarks.promise
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.scale
	HSI_KILL_ROUNDS=100 $(BIN)/python -m pytest tests/e2e -k killed --timeout 0
	HSI_FUZZ_ROUNDS=1000 HSI_DAMAGE_ROUNDS=100 $(BIN)/python -m pytest -n 2 tests/unit/io tests/unit/session -k "fuzz or damaged_journal" --timeout 0
	$(BIN)/python -m benchmarks.ui
	$(BIN)/python -m benchmarks.io
	$(BIN)/python -m benchmarks.report

screenshots: $(STAMP)  ## the pictures of docs/images/, taken by the application itself
	$(BIN)/python scripts/screenshots.py

constraints: $(STAMP)  ## pin the newest versions that work together
	$(BIN)/python scripts/pin.py

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt scripts/find_python.sh scripts/set_up.py
	$$(sh scripts/find_python.sh) scripts/set_up.py $(VENV)
	@touch $@
