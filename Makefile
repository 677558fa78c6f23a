DATA ?= ../shared/data
PYTHON ?= .venv/bin/python

.PHONY: install fix test build actors model

install:
	python3 -m venv .venv
	.venv/bin/pip install -c constraints.txt -e '.[dev]'

fix:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

test:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest

build:
	$(PYTHON) -m build

actors:
	$(PYTHON) training/build_actors.py --data $(DATA)

# From the data to the shipped folder; killed, the same command goes on from the last epoch.
model:
	$(PYTHON) training/build_data.py --data $(DATA) --out build/data
	$(PYTHON) training/train.py --data build/data --out build/first
	$(PYTHON) training/train.py --data build/data --out build/run --init build/first \
		--config training/configs/second.toml
	$(PYTHON) training/calibrate.py --data build/data --run build/run
	$(PYTHON) training/export.py --run build/run --out models/stance-small-en
	$(PYTHON) training/evaluate.py --data build/data --run build/run --model models/stance-small-en
	$(PYTHON) tests/make_reference.py
