#!/bin/sh
# Runs the whole of `make test` STEADY_RUNS (20) times, every second time beside
# two loops that keep the processors busy, and says of each run whether it was
# green or what failed. Called by `make steady`.
set -eu
cd "$(dirname "$0")/.."
: "${STEADY_RUNS:=20}"

work=$(mktemp -d "${TMPDIR:-/tmp}/steady.XXXXXX")
loops=''
calm() {
	# shellcheck disable=SC2086 # a list of words
	[ -z "$loops" ] || kill $loops 2>/dev/null || true
	loops=''
}
trap 'calm; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# busy keeps a processor busy until calm, or this script is gone.
busy() {
	(while kill -0 $$ 2>/dev/null; do
		i=0
		while [ $i -lt 100000 ]; do i=$((i + 1)); done
	done) &
	loops="$loops $!"
}

red=0 run=1
while [ $run -le "$STEADY_RUNS" ]; do
	how='quiet'
	if [ $((run % 2)) = 0 ]; then
		how='beside two busy loops'
		busy
		busy
	fi
	from=$(date +%s)
	# Without -count=1 the second run would only repeat the answers of the first.
	if make test TESTFLAGS=-count=1 >"$work/log" 2>&1; then
		answer=green
	else
		red=$((red + 1)) answer=RED
	fi
	calm
	echo "steady: run $run of $STEADY_RUNS, $how: $answer after $(($(date +%s) - from)) s"
	if [ $answer = RED ]; then
		grep -Ev '^(ok |\?)|\[no test files\]' "$work/log" || true
	fi
	run=$((run + 1))
done

if [ $red -gt 0 ]; then
	echo "steady: $red of $STEADY_RUNS runs failed" >&2
	exit 1
fi
echo "steady: all $STEADY_RUNS runs were green"
