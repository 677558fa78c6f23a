DATA ?= ../shared/data
PYTHON ?= .venv/bin/python
TRAIN = $(PYTHON) training/train.py --data build/data

# all-mpnet-base-v2 of the Hugging Face Hub (sentence-transformers), as a folder.
TEACHER ?= all-mpnet-base-v2

UV ?= .venv/bin/uv

.PHONY: install fix test build docs oldest newest fuzz audit actors experiments cues intervals turns speed int8 corpus pictures model

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
oldest: build/bounds.txt
oldest: RESOLUTION = lowest-direct -c build/bounds.txt
newest: RESOLUTION = highest
oldest newest:
	$(UV) venv --quiet --clear --python 3.11 build/$@
	$(UV) pip install --quiet --python build/$@ --resolution $(RESOLUTION) $(UV_FLAGS) -e '.[dev]'
	build/$@/bin/python -m pytest -m 'not timing' -W ignore::DeprecationWarning -W ignore::FutureWarning

# Every lower bound as a pin: the resolver would rather lift one of ours than lower what it pulls in.
build/bounds.txt: pyproject.toml
	mkdir -p build
	grep -oE '"[A-Za-z0-9_-]+(\[[a-z]+\])?>=[0-9.]+"' $< | sed -E 's/"|\[[a-z]+\]//g; s/>=/==/' > $@

# 100,000 hostile inputs to the readers, the splitter, the resolver, the scorer and the web page.
fuzz:
	STANCE_FUZZ=100000 $(PYTHON) -m pytest tests/test_fuzz.py

# Known vulnerabilities in what is installed. Strict: what could not be looked up is a failure, not a pass.
audit:
	mkdir -p build
	$(PYTHON) -m pip freeze --exclude-editable > build/installed.txt
	$(UV) tool run pip-audit --strict --disable-pip --no-deps -r build/installed.txt

actors:
	$(PYTHON) training/build_actors.py --data $(DATA)

# The README's pictures, from the seed articles.
pictures:
	$(PYTHON) docs/make_pictures.py

# Both experiments of what an analyst relies on.
experiments: intervals turns

# How cues are looked for.
cues:
	$(PYTHON) benchmarks/cues.py

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

# Whether static int8 would be faster without losing labels.
int8:
	$(PYTHON) training/build_data.py --data $(DATA) --out build/data
	$(PYTHON) benchmarks/static_int8.py

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
	$(PYTHON) training/average.py --out build/fifth-sixth build/third-fifth build/sixth
	$(TRAIN) --out build/teacher --config training/configs/teacher.toml --base $(TEACHER)
	$(PYTHON) training/teach.py --data build/data --teachers build/teacher build/fifth-sixth --weights 0.7 0.3 --out build/soft
	$(TRAIN) --out build/seventh --config training/configs/seventh.toml --init build/fifth-sixth --soft build/soft
	$(TRAIN) --out build/teacher-second --config training/configs/teacher_second.toml --base $(TEACHER) --init build/teacher
	$(PYTHON) training/teach.py --data build/data --teachers build/teacher-second build/seventh --weights 0.7 0.3 --out build/soft-second
	$(TRAIN) --out build/eighth --config training/configs/eighth.toml --init build/seventh --soft build/soft-second
	$(TRAIN) --out build/ninth --config training/configs/ninth.toml --init build/eighth --soft build/soft-second
	$(PYTHON) training/teach.py --data build/data --teachers build/teacher-second build/ninth --weights 0.65 0.35 --out build/soft-third
	$(TRAIN) --out build/tenth --config training/configs/tenth.toml --init build/ninth --soft build/soft-third
	$(TRAIN) --out build/run --config training/configs/eleventh.toml --init build/tenth --soft build/soft-third
	$(PYTHON) training/calibrate.py --data build/data --run build/run
	$(PYTHON) training/export.py --run build/run --out models/stance-small-en
	$(PYTHON) training/evaluate.py --data build/data --run build/run --model models/stance-small-en
	$(PYTHON) tests/make_reference.py
