# mien. `make` alone prints what there is. Needs python3 (3.11 or newer, with venv) and make, nothing else.
# Every target builds the environment it needs under .venvs/ from a hashed lock file, once per change of that file.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= $(or $(MIEN_SERVER__PORT),8000)
HOST ?= $(or $(MIEN_SERVER__HOST),0.0.0.0)
ENGINE ?= cpu
DATA ?= data
RECIPE ?= landmarks-68
STEP ?= all
UV_VERSION ?= 0.13.8
# The first python that is new enough; name another one with `make PYTHON=/path/to/python3`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

SERVE := .venvs/serve-$(ENGINE)
DEV := .venvs/dev
TRAINING := .venvs/training
SOURCES := $(wildcard app training tests benchmarks docs docker)
SERVING_PEERS := plain mosec litserve bentoml kserve

##@ Use
.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: serve
serve: $(SERVE)/.ready ## start the service (PORT=8000 HOST=0.0.0.0 ENGINE=cpu|gpu)
	MIEN_SERVER__HOST=$(HOST) MIEN_SERVER__PORT=$(PORT) exec $(SERVE)/bin/python -m app serve

.PHONY: tune
tune: $(SERVE)/.ready ## measure which settings are best on this machine, a minute or two (ENGINE=cpu|gpu)
	$(SERVE)/bin/python -m app tune

.PHONY: test
test: $(DEV)/.ready ## run the tests: no network, no GPU, no tensorflow
	$(DEV)/bin/python -m pytest

##@ Develop
.PHONY: check
check: format-check lint types test ## everything that "clean" means: format, lint, types, tests

.PHONY: format-check
format-check: $(DEV)/.ready
	$(DEV)/bin/ruff format --check $(SOURCES)

.PHONY: lint
lint: $(DEV)/.ready ## ruff's rules
	$(DEV)/bin/ruff check $(SOURCES)

.PHONY: types
types: $(DEV)/.ready ## mypy, strict
	$(DEV)/bin/mypy

.PHONY: format
format: $(DEV)/.ready ## rewrite the sources in the one format
	$(DEV)/bin/ruff check --fix-only $(SOURCES)
	$(DEV)/bin/ruff format $(SOURCES)

.PHONY: test-training
test-training: $(TRAINING)/.ready ## run the tests of training/, with tensorflow
	CUDA_VISIBLE_DEVICES= TF_CPP_MIN_LOG_LEVEL=2 $(TRAINING)/bin/python -m pytest tests/training

# Where no Docker engine answers, docker/container stands in for one.
CONTAINER ?= $(shell docker info >/dev/null 2>&1 && echo docker || echo docker/container)

.PHONY: test-container
test-container: $(DEV)/.ready ## build the image and try what docs/container.md promises (CONTAINER=docker)
	CONTAINER="$(CONTAINER)" $(DEV)/bin/python -m pytest tests/container

# The service is run from the environment that serves, the measuring from that of development; plots want matplotlib,
# which the training environment has.
BENCH = $(DEV)/bin/python -m
BENCH_OPTIONS = --python $(abspath $(SERVE))/bin/python $(if $(QUICK),--quick)
BENCH_READY = $(DEV)/.ready $(SERVE)/.ready $(if $(QUICK),,$(TRAINING)/.ready)
PLOTS = $(if $(QUICK),,$(TRAINING)/bin/python -m benchmarks.page)

.PHONY: bench
bench: bench-stages bench-engine bench-http bench-serving bench-libraries bench-growth ## everything below but detectors and load: docs/performance.md (QUICK=1: only to see that it runs)

.PHONY: bench-stages
bench-stages: $(BENCH_READY) ## where each millisecond of one request goes
	$(BENCH) benchmarks.stages $(BENCH_OPTIONS)
	$(PLOTS)

.PHONY: bench-engine
bench-engine: $(BENCH_READY) ## faces a second by model, batch size and threads
	$(BENCH) benchmarks.engine $(BENCH_OPTIONS)
	$(PLOTS)

.PHONY: bench-http
bench-http: $(BENCH_READY) ## the service over HTTP, beside the same work in process
	$(BENCH) benchmarks.http $(BENCH_OPTIONS)
	$(PLOTS)

.PHONY: bench-serving
bench-serving: $(BENCH_READY) $(SERVING_PEERS:%=.venvs/bench-%/.ready) ## the same models behind FastAPI, mosec, LitServe, BentoML, KServe
	$(BENCH) benchmarks.serving $(BENCH_OPTIONS)
	$(PLOTS)

.PHONY: bench-libraries
bench-libraries: $(BENCH_READY) .venvs/peers/.ready ## MediaPipe's face mesh and dlib, end to end on one thread
	$(BENCH) benchmarks.libraries $(BENCH_OPTIONS)
	$(PLOTS)

.PHONY: bench-growth
bench-growth: $(BENCH_READY) ## large requests, memory over 20,000 requests, overload
	$(BENCH) benchmarks.growth $(BENCH_OPTIONS)
	$(PLOTS)

.PHONY: bench-load
bench-load: $(DEV)/.ready ## put load on the service that runs on this machine (PORT=8000)
	$(DEV)/bin/python -m benchmarks.http_load --url http://localhost:$(PORT)

.PHONY: bench-detectors
bench-detectors: $(TRAINING)/.ready .venvs/peers/.ready ## our face detectors beside other people's (DATA=data)
	$(TRAINING)/bin/python -m benchmarks.detectors --data $(DATA)

.PHONY: drawings
drawings: $(TRAINING)/.ready ## draw the pictures of docs/ again
	$(TRAINING)/bin/python -m docs.draw_axes

.PHONY: lock
lock: .venvs/lock/.ready ## resolve pyproject.toml into requirements/*.txt (UPGRADE=1 for the newest versions)
	$(call resolve,serve-cpu,--extra cpu)
	$(call resolve,serve-gpu,--extra gpu -c requirements/serve-cpu.txt)
	$(call resolve,dev,--extra cpu --extra dev -c requirements/serve-cpu.txt)
	$(call resolve,training,--extra cpu --extra training --extra training-test -c requirements/dev.txt)
	.venvs/lock/bin/uv pip compile --quiet --python-platform linux --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		$(if $(UPGRADE),--upgrade) --override benchmarks/peers/overrides.txt \
		benchmarks/peers/requirements.in -o requirements/peers.txt >/dev/null
	$(foreach peer,$(SERVING_PEERS),$(call resolve-peer,$(peer)))

.PHONY: hooks
hooks: $(DEV)/.ready ## make git run `make check` before every commit
	$(DEV)/bin/pre-commit install

.PHONY: clean
clean: ## remove environments and caches
	rm -rf .venvs .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

##@ Train
.PHONY: training-env
training-env: $(TRAINING)/.ready ## build the training environment, .venvs/training

# Large arrays are kept from step to step instead of being given back to the system (docs/training.md).
KEEP_MEMORY := GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=100000000000

.PHONY: train
train: $(TRAINING)/.ready ## prepare, train, export, evaluate, card (RECIPE=landmarks-68 DATA=data STEP=all)
	$(KEEP_MEMORY) $(TRAINING)/bin/python -m training $(STEP) --recipe $(RECIPE) --data $(DATA)

# An environment is stale when its lock file is newer. It is rebuilt whole: pip removes nothing by itself.
# Lock files are complete, so pip need not look for dependencies (mediapipe names some that are never used).
.venvs/%/.ready: requirements/%.txt
	$(install)

.venvs/bench-%/.ready: benchmarks/serving/requirements/%.txt
	$(install)

.venvs/lock/.ready:
	@$(check-python)
	$(PYTHON) -m venv .venvs/lock
	.venvs/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(TRAINING)/.ready: | training-python
.PHONY: training-python
training-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 14))' || { \
		echo "tensorflow has no build for this Python yet: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }

define install
@$(check-python)
@echo "Installing $< into $(@D): once, about a minute."
@rm -rf $(@D)
@$(PYTHON) -m venv $(@D)
@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
	--no-deps --require-hashes --only-binary=:all: -r $<
@touch $@
endef

define check-python
if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo "mien needs Python 3.11 or newer; $(or $(PYTHON),python3) is $$($(or $(PYTHON),python3) --version 2>&1)." >&2; \
	echo "On Debian or Ubuntu: apt install python3 python3-venv" >&2; exit 1; fi; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	echo "Python $$version lacks its venv module. On Debian or Ubuntu: apt install python$$version-venv" >&2; exit 1; }
endef

# One version of each package for every Python: what is tested is what is installed.
define resolve
.venvs/lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade) pyproject.toml $(2) -o requirements/$(1).txt >/dev/null
endef

# Peers that serve our models have our versions of what computes the numbers, and otherwise their own.
define resolve-peer
sed -nE 's/^((numpy|onnxruntime|opencv-python-headless|simplejpeg)==[^ ;]*).*/\1/p' requirements/serve-cpu.txt | \
	.venvs/lock/bin/uv pip compile --quiet --python-platform linux --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade) -c /dev/stdin \
	benchmarks/serving/requirements/$(1).in -o benchmarks/serving/requirements/$(1).txt >/dev/null

endef
