# make demo   a night on the simulated account; Rust is all it needs
# make test   everything that CI tests: Rust, the template, the stack on this machine
# make local  the stack on this machine, left running until Ctrl-C
# make bench  how fast and how large it is, beside the same job in Python and Node
# make package  what `sam deploy` takes, for both architectures

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The scenario that `make local` runs; empty takes tests/stack/night.toml.
SCENARIO ?=
ARCHITECTURES := arm64 x86_64
PYTEST := .tools/wire/bin/pytest tests/stack

.PHONY: help
help: ## Say what there is.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

# ---- Rust ----

.PHONY: cargo
cargo:
	@command -v cargo >/dev/null || { echo "no cargo; cure: curl -sSf https://sh.rustup.rs | sh" >&2; exit 1; }

.PHONY: demo
demo: cargo ## A night on the simulated account, in the terminal.
	@cargo run --quiet --package nightshift --no-default-features -- demo

# The nights that weights may be set by, and never those that figures are told of.
.PHONY: fit
fit: cargo ## What each piece of evidence is worth, on the seeds that weights are set by.
	@cargo run --quiet --profile prove --package nightshift --no-default-features -- \
	  simulate incidents --seeds-from shared/sim/seeds/fit.toml --evidence

.PHONY: format
format: cargo
	cargo fmt --all --check

.PHONY: clippy
clippy: cargo
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: rust-test
# The budget of calls runs the binaries.
rust-test: binaries
	cargo test --workspace --locked

# With the tests, and of the whole workspace: dependencies then have the features
# that they have in `rust-test`, and none is compiled twice.
.PHONY: binaries
binaries: cargo ## The debug binaries that the stack on this machine runs.
	cargo build --workspace --bins --tests --locked

# ---- tools: one environment per lock file ----

TOOLS := ministack sam lint checkov wire workflows aws load

.tools/%/stamp: tools/%.lock tools/setup.sh
	@tools/setup.sh $*
	@touch $@

.PHONY: tools
tools: $(TOOLS:%=.tools/%/stamp) ## The Python tools, each in .tools/ from its lock file.

# ---- tests ----

.PHONY: template-test
template-test: tools
	$(PYTEST)/test_template*.py

.PHONY: stack-test
stack-test: tools binaries
	$(PYTEST)

.PHONY: lint
lint: format clippy template-test ## Formatting, clippy, and the template's checks.

# In this order: what fails soonest, first. `stack-test` holds `template-test`.
.PHONY: test
test: ## Everything that CI tests.
	$(MAKE) format
	$(MAKE) clippy
	$(MAKE) rust-test
	$(MAKE) stack-test

# ---- the proof ----

# So many schedules of deliveries; `make test` runs 300 of them. PROVE narrows the
# proof on the wire down: PROVE="--story told --kind reset".
SCHEDULES ?= 100000
PROVE ?=
# Where each part leaves its document, and the page of those that are there.
PROOF := target/prove

# The second part whatever came of the first, and a page in any case: what is broken
# is what one wants to see.
.PHONY: prove
prove: ## Both reports, and target/prove/index.html: what may go wrong, how often it is wrong. Two hours on two cores.
	@code=0; for part in prove-nights prove-wire; do $(MAKE) $$part || code=1; done; exit $$code

.PHONY: prove-nights
prove-nights: cargo ## No delivery is lost and no storm breaks a rule, and how often a remedy is wrong.
	cargo build --locked --profile prove --package nightshift --no-default-features
	@simulate="$${CARGO_TARGET_DIR:-target}/prove/nightshift simulate"; code=0; \
	$$simulate deliveries --seeds $(SCHEDULES) --json-to $(PROOF)/deliveries.json || code=1; \
	$$simulate storm --json-to $(PROOF)/storm.json || code=1; \
	$$simulate incidents --seeds-from shared/sim/seeds/test.toml --json-to $(PROOF)/incidents.json || code=1; \
	$$simulate page --from $(PROOF) || code=1; \
	exit $$code

.PHONY: prove-wire
prove-wire: .tools/ministack/stamp .tools/sam/stamp .tools/wire/stamp binaries ## Every function, killed or failed at every call; PROVE=… narrows it down.
	@code=0; (cd tests/stack && ../../.tools/wire/bin/python -m prove $(PROVE)) || code=1; \
	$${CARGO_TARGET_DIR:-target}/debug/nightshift simulate page --from $(PROOF) || code=1; \
	exit $$code

# ---- the bench ----

# BENCH=--quick only tries whether all of it runs. The two builds are apart, so that what
# is measured has the features that it is shipped with.
BENCH ?=
# BUDGET=--write takes what is weighed for what may be.
BUDGET ?=

.PHONY: bench
bench: cargo ## How fast and how large it is, beside Python and Node; target/bench/bench.svg. Half an hour the first time.
	cargo build --locked --release --package alarm-responder --bin alarm-responder
	cargo build --locked --release --package nightshift-bench
	@if [ -x bench/rivals/setup.sh ]; then bench/rivals/setup.sh; fi
	@$${CARGO_TARGET_DIR:-target}/release/nightshift-bench run $(BENCH)

# Each build on its own, as each is shipped: together they would share features. One
# function alone, as .ci/run does it: make budget FUNCTIONS=notifier BUDGET="--only notifier".
FUNCTIONS := $(notdir $(wildcard functions/*))

.PHONY: weighed
weighed: cargo
	for function in $(FUNCTIONS); do \
		cargo build --locked --release --package $$function --bin $$function || exit 1; \
	done
	cargo build --locked --release --package nightshift-bench --package nightshift-bench-rules

.PHONY: valgrind
valgrind:
	@command -v valgrind >/dev/null || { echo "no valgrind; cure: sudo apt-get install valgrind" >&2; exit 1; }

.PHONY: budget
budget: valgrind weighed ## What the functions weigh: bytes, and instructions by callgrind; over bench/weight.toml is an error.
	@$${CARGO_TARGET_DIR:-target}/release/nightshift-bench weigh $(BUDGET)

.PHONY: deny
deny: cargo ## Licences, advisories and banned crates.
	@command -v cargo-deny >/dev/null || { echo "no cargo-deny; cure: cargo install --locked cargo-deny" >&2; exit 1; }
	cargo deny --locked check

# ---- the stack on this machine ----

.PHONY: local
local: tools binaries ## The stack on this machine until Ctrl-C; SCENARIO=FILE chooses what happens.
	@.tools/wire/bin/python tests/stack/local.py $(SCENARIO)

# ---- pictures ----

# By hand, when the dashboard has changed: CI has no browser.
.PHONY: pictures
pictures: .tools/wire/stamp ## README's pictures of stacks/service.yaml anew; needs Chromium.
	@tools/pictures.sh

# ---- packaging ----

# cargo-lambda and the zig that it links with are found on PATH, before the system's.
.PHONY: package
package: cargo .tools/package/stamp .tools/sam/stamp ## What `sam deploy` takes, in .aws-sam/ARCHITECTURE.
	for architecture in $(ARCHITECTURES); do \
		PATH="$(CURDIR)/.tools/package/bin:$$PATH" SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam build \
			--build-dir .aws-sam/$$architecture --region eu-west-1 \
			--parameter-overrides Architecture=$$architecture && \
		tools/for-architecture.sh $$architecture .aws-sam/$$architecture/template.yaml || exit 1; \
	done

.PHONY: clean
clean: ## Remove what was built and every tool.
	rm -rf .aws-sam .tools
	cargo clean
