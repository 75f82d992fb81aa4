# The project's commands; `make` alone lists them. PYTHON names the interpreter that .venv is made with.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run demo test lint check bench bench-peer lock

help:    ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | awk -F '\t' '{printf "make %-10s %s\n", $$1, $$2}'

setup:   ## make .venv from requirements.lock; install SIPp where that is allowed
	@PYTHON="$(PYTHON)" sh deploy/setup

run: setup    ## start a lab gateway in ./state, in the foreground
	@$(BIN)/gateway run --lab

demo: setup   ## real SIP calls of different kinds through a lab gateway, shown in a table
	@$(BIN)/python -m scenarios.demo

test: setup   ## every test, whole SIP calls included
	$(BIN)/pytest

lint: setup   ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test   ## style, types and every test: what CI runs

bench: setup  ## measure signing, call rate, memory and crashes on this machine
	@$(BIN)/python scenarios/bench/run.py

bench-peer: setup  ## door 3 beside the secsipid module of Kamailio: what a signed, and a verified, call costs
	@$(BIN)/python -m scenarios.bench_peer $(ARGS)

lock: setup   ## write both lock files anew from pyproject.toml, keeping the versions they have
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/python -m venv "$$folder" && "$$folder/bin/pip" install -q uv && \
	UV_CUSTOM_COMPILE_COMMAND="make lock" "$$folder/bin/uv" pip compile -q --universal --generate-hashes \
		--extra dev --python-version 3.11 pyproject.toml -o requirements.lock && \
	UV_CUSTOM_COMPILE_COMMAND="make lock" "$$folder/bin/uv" pip compile -q --universal --generate-hashes \
		--extra install --python-version 3.11 -c requirements.lock pyproject.toml -o deploy/requirements.lock
