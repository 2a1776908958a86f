# The whole tool box; CI uses the same words. Any POSIX make will do.
# Needs Go and git; `make race` also a C compiler, `make e2e` a few clients.

# One set of flags for build, vet and test keeps one build cache. Cgo stays off
# but for the race detector.
GOENV = CGO_ENABLED=0 GOFLAGS="$$(go env GOFLAGS) -trimpath"
GO = $(GOENV) go

# Flags for `make run`, as in: make run ARGS='-6 -port 8000'
ARGS =
# How long `make fuzz` stays with each target: a number of runs, because a time ends in a
# spurious "context deadline exceeded" now and then before Go 1.27 (go.dev/issue/75804).
FUZZTIME = 200000x

all: build

build: ## build the programs into bin/ (also plain make)
	@mkdir -p bin
	@$(GO) build -o bin/ ./cmd/...

run: build ## start the server on port 9034 (ARGS='-6 -port 8000' to choose)
	@exec bin/chatsrv $(ARGS)

test: ## every test that needs only Go
	@$(GO) test ./...

# Races need interleavings, not seeds: each one costs ten times as much here.
race: ## the same tests under the race detector (needs a C compiler)
	@$(GOENV) SIM_SEEDS="$${SIM_SEEDS:-200}" CGO_ENABLED=1 go test -race ./...

lint: ## formatting, linters for four systems, go.mod, vet
	@$(GOENV) sh scripts/lint.sh

fmt: ## format everything the way lint wants it
	@$(GO) tool -modfile=tools/go.mod golangci-lint fmt

fuzz: ## each fuzz target for FUZZTIME (200000x), then SIM_SEEDS (20000) simulated runs, then RAPID_CHECKS (5000)
	@$(GOENV) FUZZTIME="$(FUZZTIME)" sh scripts/fuzz.sh

cross: ## build and vet for every system and processor that is supported
	@$(GOENV) sh scripts/cross.sh

dist: ## build the server for all of them into dist/, the same bytes every time
	@sh scripts/dist.sh

e2e: ## conversations of real clients with the real server (on Debian: installs them)
	@sh scripts/e2e-deps.sh
	@$(GO) test -count=1 -tags e2e ./internal/e2e/...
	@$(GO) test -count=1 -tags e2e -run 'Saved|Trace' ./internal/store/sqlite

soak: ## what takes long: a thousand kills of the store, and make fuzz
	@STORE_KILLS=1000 $(GO) test -count=1 -timeout 1h -run Killed ./internal/store/sqlite
	@$(MAKE) fuzz

bench: build ## compare with other servers, write bench/RESULTS.md
	@$(GO) run ./bench/run

clean: ## remove what build and dist made
	@rm -rf bin dist

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

.PHONY: all build run test race lint fmt fuzz cross dist e2e soak bench clean help
