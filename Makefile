DATA ?= ../shared/data
PYTHON ?= .venv/bin/python
TRAIN = $(PYTHON) training/train.py --data build/data

UV ?= .venv/bin/uv

.PHONY: install fix test build docs oldest newest fuzz audit actors experiments intervals turns speed corpus pictures model

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

docs:
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --quiet

# The tests on the oldest and on the newest versions that pyproject.toml admits. Each takes 8 GB of
# disk; UV_FLAGS=--torch-backend=cpu spares most of it where the index of PyTorch can be reached.
oldest: RESOLUTION = lowest-direct
newest: RESOLUTION = highest
oldest newest:
	$(UV) venv --quiet --clear --python 3.11 build/$@
	$(UV) pip install --quiet --python build/$@ --resolution $(RESOLUTION) $(UV_FLAGS) -e '.[dev]'
	build/$@/bin/python -m pytest -m 'not timing' -W ignore::DeprecationWarning -W ignore::FutureWarning

# 100,000 hostile inputs to the readers, the splitter, the resolver, the scorer and the web page.
fuzz:
	STANCE_FUZZ=100000 $(PYTHON) -m pytest tests/test_fuzz.py

# Known vulnerabilities in what is installed.
audit:
	$(UV) tool run pip-audit --path "$$($(PYTHON) -c 'import site; print(site.getsitepackages()[0])')"

actors:
	$(PYTHON) training/build_actors.py --data $(DATA)

# The README's pictures, from the seed articles.
pictures:
	$(PYTHON) docs/make_pictures.py

# Both experiments of what an analyst relies on.
experiments: intervals turns

# How often the intervals hold, and the worked validation example.
intervals:
	$(PYTHON) benchmarks/intervals.py --data $(DATA) --split dev
	$(PYTHON) benchmarks/intervals.py --data $(DATA) --split test
	$(PYTHON) benchmarks/validation.py --data $(DATA)

# False alarms and power of turns, simulated with the model's answers.
turns:
	$(PYTHON) training/build_data.py --data $(DATA) --out build/data
	$(PYTHON) benchmarks/turns.py --data build/data

# Speed, memory and growth of cost beside other designs; what a cluster costs. On an idle machine.
speed:
	$(PYTHON) benchmarks/speed.py
	$(PYTHON) docs/cluster_cost.py

# A corpus of 100,000 sentences.
corpus:
	$(PYTHON) benchmarks/corpus_run.py --data $(DATA)

# From the data to the shipped folder; killed, the same command goes on from the last epoch.
model:
	$(PYTHON) training/build_data.py --data $(DATA) --out build/data
	$(TRAIN) --out build/first --config training/configs/first.toml
	$(TRAIN) --out build/second --config training/configs/second.toml
	$(TRAIN) --out build/third --config training/configs/third.toml --init build/second
	$(PYTHON) training/average.py --out build/first-third build/first build/third
	$(TRAIN) --out build/fourth --config training/configs/fourth.toml --init build/first-third
	$(PYTHON) training/average.py --out build/third-fourth build/third build/fourth
	$(TRAIN) --out build/fifth --config training/configs/fifth.toml --init build/third-fourth
	$(PYTHON) training/average.py --out build/third-fifth build/third-fourth build/fifth
	$(TRAIN) --out build/sixth --config training/configs/sixth.toml --init build/third-fifth
	$(PYTHON) training/average.py --out build/run build/third-fifth build/sixth
	$(PYTHON) training/calibrate.py --data build/data --run build/run
	$(PYTHON) training/export.py --run build/run --out models/stance-small-en
	$(PYTHON) training/evaluate.py --data build/data --run build/run --model models/stance-small-en
	$(PYTHON) tests/make_reference.py
