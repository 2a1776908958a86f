#!/bin/sh
# Builds and vets for every target: the programs for some, the toolkit for all
# (scripts/targets.sh). Called by `make cross`.
set -eu
cd "$(dirname "$0")/.."

. scripts/targets.sh

# What is not the toolkit: programs, their glue, and comparisons, whose
# libraries build on few systems.
beside='^[^/]*/[^/]*/[^/]*/(cmd|bench|internal/(server|store|metrics|e2e|bench))(/|$)'
# Comparisons are run on Linux only.
peers='^[^/]*/[^/]*/[^/]*/bench(/|$)'

# check TARGET PATTERN builds and vets all packages that don't match. Linking
# the programs, too (that is what -o is for), finds what compiling does not.
check() {
	GOOS=${1%/*} GOARCH=${1#*/}
	export GOOS GOARCH
	packages=$(go list ./... | grep -Ev "$2")
	# Packages of tests only can be vetted, not built.
	# shellcheck disable=SC2086 # lists of words
	built=$(go list -f '{{if .GoFiles}}{{.ImportPath}}{{end}}' $packages)
	# shellcheck disable=SC2086
	if ! { go build -o /dev/null $built && go vet $packages; }; then
		failed="$failed $1"
	fi
}

failed=''
for target in $programs; do
	check "$target" "$peers"
done
for target in $toolkit; do
	check "$target" "$beside"
done

if [ -n "$failed" ]; then
	echo "cross: failed for:$failed" >&2
	exit 1
fi
