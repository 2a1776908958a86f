#!/bin/sh
# Every fuzz target for FUZZTIME, then the simulations with SIM_SEEDS seeds, then what
# rapid draws RAPID_CHECKS times.
# All are found by looking, so a new one needs no entry here. Called by `make fuzz`.
set -eu
cd "$(dirname "$0")/.."
: "${FUZZTIME:=200000x}" "${SIM_SEEDS:=20000}" "${RAPID_CHECKS:=5000}"
export SIM_SEEDS

# This prints "directory target" for each fuzz target.
grep -rE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' . |
	sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort >"${TMPDIR:-/tmp}/fuzz.$$"
trap 'rm -f "${TMPDIR:-/tmp}/fuzz.$$"' EXIT

while read -r dir target; do
	echo "fuzz: $dir $target for $FUZZTIME"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" "$dir" </dev/null
done <"${TMPDIR:-/tmp}/fuzz.$$"

simulations=$(grep -rl --include='*_test.go' SIM_SEEDS . | sed 's|/[^/]*$||' | sort -u)
if [ -n "$simulations" ]; then
	# shellcheck disable=SC2086 # a list of words
	echo "fuzz: $SIM_SEEDS seeds in" $simulations
	# shellcheck disable=SC2086 # a list of words
	go test -count=1 -timeout 0 $simulations
fi

for dir in $(grep -rl --include='*_test.go' 'rapid\.Check(' . | sed 's|/[^/]*$||' | sort -u); do
	tests=$(grep -h -B40 'rapid\.Check(' "$dir"/*_test.go | sed -nE 's/^func (Test[A-Za-z0-9_]*)\(.*/\1/p' | sort -u | paste -sd '|' -)
	echo "fuzz: $RAPID_CHECKS checks in $dir"
	go test -count=1 -timeout 0 -run "^($tests)\$" "$dir" -rapid.checks="$RAPID_CHECKS"
done
