#!/bin/sh
# Formatting, linters, go.mod and vet. The linters see only the files of the
# system they run for, so they run for each that is named. Called by `make lint`
# and `make lint-all`.
#
# Usage: scripts/lint.sh GOOS...
set -eu
cd "$(dirname "$0")/.."

# Built once, for this machine, before GOOS changes.
lint=$(go tool -modfile=tools/go.mod -n golangci-lint)

"$lint" config verify
failed=''
if ! "$lint" fmt --diff; then
	failed=' format (make fmt puts it right)'
fi
for os in "$@"; do
	echo "lint: $os"
	GOOS=$os "$lint" run ./... || failed="$failed $os"
done
go mod tidy -diff || failed="$failed go.mod"
go vet -tags e2e ./... || failed="$failed vet"
echo "lint: the peers in benchmarks" # a module of their own
(cd bench/peers && "$lint" run ./... && go mod tidy -diff && go vet ./...) || failed="$failed bench/peers"

if [ -n "$failed" ]; then
	echo "lint: failed for:$failed" >&2
	exit 1
fi
