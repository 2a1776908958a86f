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
# What else go test is told, as in: make test TESTFLAGS='-count=1 -v'
TESTFLAGS =
# How long one package may take: a bound for what hangs, not for what is slow. The ten
# minutes of go test are too few for some on a busy machine.
TIMEOUT = 30m

all: build

build: ## build the programs into bin/ (the default)
	@mkdir -p bin
	@$(GO) build -o bin/ ./cmd/...

run: build ## start the server on port 9034 (options: ARGS='-6 -port 8000')
	@exec bin/chatsrv $(ARGS)

test: ## run every test that needs only Go
	@$(GO) test -timeout $(TIMEOUT) $(TESTFLAGS) ./...

steady: ## run make test STEADY_RUNS (20) times, half of them on a busy machine
	@sh scripts/steady.sh

# Races need interleavings, not seeds: each one costs ten times as much here.
race: ## run the same tests under the race detector (needs a C compiler)
	@$(GOENV) SIM_SEEDS="$${SIM_SEEDS:-200}" CGO_ENABLED=1 go test -race -timeout $(TIMEOUT) $(TESTFLAGS) ./...

lint: ## check formatting, linters for this system, go.mod and vet
	@$(GOENV) sh scripts/lint.sh "$$(go env GOHOSTOS)"

lint-all: ## the same, with linters for four systems
	@$(GOENV) sh scripts/lint.sh linux darwin freebsd windows

fmt: ## format the code as lint requires
	@$(GO) tool -modfile=tools/go.mod golangci-lint fmt

fuzz: ## run each fuzz target FUZZTIME (200000x), then SIM_SEEDS (20000) simulations and RAPID_CHECKS (5000)
	@$(GOENV) FUZZTIME="$(FUZZTIME)" sh scripts/fuzz.sh

cross: ## build and vet for every supported system and processor
	@$(GOENV) sh scripts/cross.sh

dist: ## build the server and the client for all of them into dist/, reproducibly
	@sh scripts/dist.sh

e2e: ## run real clients against the real server (on Debian, installs the clients)
	@sh scripts/e2e-deps.sh
	@$(GOENV) sh scripts/e2e.sh

soak: ## run the long tests: a thousand kills of the store, ten thousand cuts of clients, then make fuzz
	@STORE_KILLS=1000 $(GO) test -count=1 -timeout 1h -run Killed ./internal/store/sqlite
	@CLIENT_CUTS=10000 $(GO) test -count=1 -timeout 1h -run Cuts ./internal/client
	@CLIENT_CUTS=1000 $(GO) test -count=1 -timeout 1h -run Cuts ./internal/chatclient
	@CLIENT_PROFILE=2000 $(GO) test -count=1 -timeout 1h -run Broadcasts ./internal/client
	@$(MAKE) fuzz

bench: build ## compare with other servers and write bench/RESULTS.md
	@$(GO) run ./bench/run

clean: ## remove the output of build and dist
	@rm -rf bin dist

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: all build run test steady race lint lint-all fmt fuzz cross dist e2e soak bench clean help
