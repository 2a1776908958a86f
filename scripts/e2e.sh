#!/bin/sh
# Builds what the end-to-end tests need, runs them, and leaves neither a process
# nor a file behind, however they end. Called by `make e2e`.
set -eu
cd "$(dirname "$0")/.."

# How long all tests may take: a bound for what hangs, not for what is slow.
: "${E2E_TIMEOUT:=1h}"

# Everything that a test writes is below this folder. Its path is short enough for
# a Unix socket in it.
work=$(mktemp -d "${TMPDIR:-/tmp}/e2e.XXXXXX")
chmod 755 "$work" # some servers run as another user
tests=''
# its runs a program of the Wine that the tests use.
its() {
	if [ -n "${E2E_WINE_ROOT-}" ]; then
		sh scripts/in-root.sh "$E2E_WINE_ROOT" "$@"
	else
		"$@"
	fi
}
clean() {
	trap '' INT TERM
	# A test that ran out of time has ended nothing that it started. The rest of its
	# process group is ended here, and each of Wine's servers, which left that group.
	[ -z "$tests" ] || kill -KILL -- "-$tests" 2>/dev/null || true
	for prefix in "$work"/*/wine; do
		if [ -e "$prefix/system.reg" ] || [ -e "$prefix/dosdevices" ]; then
			WINEPREFIX=$prefix its wineserver --kill 2>/dev/null || true
		fi
	done
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A process group of its own, where the system has a command for that.
group=''
! command -v setsid >/dev/null 2>&1 || group=setsid

# run gives words their process group and waits for them; a signal that comes
# meanwhile ends the wait.
run() {
	TMPDIR=$work $group "$@" &
	tests=$!
	[ -n "$group" ] || tests=''
	wait $!
}

if E2E_WINE_ROOT=$(sh scripts/wine10.sh); then
	export E2E_WINE_ROOT
else
	unset E2E_WINE_ROOT
	echo "e2e: $(wine --version) runs what it can; what it can't is skipped by name" >&2
fi
E2E_HELPERS=$work/helpers
export E2E_HELPERS
run go test -count=1 -timeout 0 -tags e2e -run '^TestTheHelpersAreBuilt$' ./internal/e2e
run go test -count=1 -timeout "$E2E_TIMEOUT" -tags e2e ./internal/e2e/...
run go test -count=1 -timeout "$E2E_TIMEOUT" -tags e2e -run 'Saved|Trace' ./internal/store/sqlite
