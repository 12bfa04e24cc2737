# The workshop. `make` alone says what can be made.

# A fresh rustup install is not in PATH before the next login.
export PATH := $(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

# What `make run` passes on, for instance: make run ARGS="--addr 127.0.0.1:8080"
ARGS ?=

# What `make bench` passes on, for instance: make bench BENCH="--only ops,page --seconds 5"
BENCH ?=

.PHONY: help run test soak bench fmt lint
.DEFAULT_GOAL := help

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: export OSIER_DATA_DIR := $(or $(OSIER_DATA_DIR),$(CURDIR)/.osier)
run: ## build the server and start it with the demo site, on the embedded store in .osier/
	@scripts/setup compiler rust
	cargo build --release --locked
	@exec "$${CARGO_TARGET_DIR:-target}/release/osier" serve --demo $(ARGS)

test: ## check everything that must hold, on SQLite and on a private PostgreSQL
	@scripts/setup compiler rust postgres python
	cargo fmt --check
	cargo clippy --all-targets --locked --features bench -- -D warnings
	scripts/with-postgres scripts/run-tests
	scripts/fuzz-api

soak: export OSIER_SOAK := $(or $(OSIER_SOAK),1)
soak: ## kill, stop, starve and flood a release build for hours; OSIER_SOAK=0.1 for a tenth (docs/RELIABILITY.md)
	@scripts/setup compiler rust postgres
	@rm -f "$${CARGO_TARGET_DIR:-target}/soak/figures.jsonl"
	scripts/with-postgres cargo test --release --locked --test it faults -- --skip the_rules --test-threads=1 --nocapture
	@echo "The figures stand as lines of JSON in $${CARGO_TARGET_DIR:-target}/soak/figures.jsonl"

bench: ## measure the speed table of docs/BENCHMARKS.md, some 15 minutes on a quiet machine
	@scripts/setup compiler rust postgres
	cargo build --release --locked --features bench
	@scripts/with-postgres "$${CARGO_TARGET_DIR:-target}/release/osier" bench $(BENCH)

fmt: ## format the code
	cargo fmt

lint: ## check the format, the lints and, where cargo-deny is installed, the dependencies
	cargo fmt --check
	cargo clippy --all-targets --locked --features bench -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi
