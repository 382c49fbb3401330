# Each target sets up what it needs: a virtual environment in .venv, with the package installed in it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Networks are tested where PyTorch is. Which build suits depends on the machine, hence it is named: make test TORCH=torch==2.13.0
TORCH ?=

.PHONY: demo test lint bench clean

demo: $(VENV)/.installed
	$(BIN)/audioclf compare --data demo --features mfcc,gfcc,spectral,mfcc+gfcc --clf svm,rf,knn,hmm --out runs/demo
	@echo
	@echo "Open runs/demo/report.html in a browser."

test: $(VENV)/.test $(if $(TORCH),$(VENV)/.torch)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# mypy can't follow package_dir in a checkout, so it checks an installed copy.
lint: $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	rm -rf build/typed
	$(BIN)/pip install -qq --no-deps --target build/typed .
	cd build/typed && ../../$(BIN)/mypy --config-file ../../pyproject.toml

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/all.py

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "audioclf needs Python 3.10 or later; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -qq --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/pip install -qq --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(BIN)/pip install -qq --editable '.[test]'
	@touch $@

$(VENV)/.torch: $(VENV)/.test
	$(BIN)/pip install -qq '$(TORCH)'
	$(BIN)/pip install -qq --editable '.[deep]'
	@touch $@

# openSMILE has wheels for some systems only; without it the rest is measured all the same.
$(VENV)/.bench: $(VENV)/.installed
	$(BIN)/pip install -qq --editable '.[bench]' && touch $@ || echo "openSMILE can't be installed here: its row is left out"

$(VENV)/.lint: $(VENV)/.installed
	$(BIN)/pip install -qq --editable '.[lint]'
	@touch $@
