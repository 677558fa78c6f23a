DATA ?= ../shared/data
PYTHON ?= .venv/bin/python
TRAIN = $(PYTHON) training/train.py --data build/data

.PHONY: install fix test build actors intervals pictures turns model

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

# The README's pictures, from the seed articles.
pictures:
	$(PYTHON) docs/make_pictures.py

# How often the intervals hold, and the worked validation example.
intervals:
	$(PYTHON) benchmarks/intervals.py --data $(DATA) --split dev
	$(PYTHON) benchmarks/intervals.py --data $(DATA) --split test
	$(PYTHON) benchmarks/validation.py --data $(DATA)

# False alarms and power of turns, simulated with the model's answers.
turns:
	$(PYTHON) training/build_data.py --data $(DATA) --out build/data
	$(PYTHON) benchmarks/turns.py --data build/data

# From the data to the shipped folder; killed, the same command goes on from the last epoch.
model:
	$(PYTHON) training/build_data.py --data $(DATA) --out build/data
	$(TRAIN) --out build/first --config training/configs/first.toml
	$(TRAIN) --out build/second --config training/configs/second.toml
	$(TRAIN) --out build/third --config training/configs/third.toml --init build/second
	$(PYTHON) training/average.py --out build/average build/first build/third
	$(TRAIN) --out build/last --config training/configs/last.toml --init build/average
	$(PYTHON) training/average.py --out build/run build/third build/last
	$(PYTHON) training/calibrate.py --data build/data --run build/run
	$(PYTHON) training/export.py --run build/run --out models/stance-small-en
	$(PYTHON) training/evaluate.py --data build/data --run build/run --model models/stance-small-en
	$(PYTHON) tests/make_reference.py
