#!/bin/sh
# Runs the tests that scripts/suites.sh put beside this file: all of them, or
# the packages named. NETLOOP_EXEC names a program that runs them, if this
# machine can't by itself: NETLOOP_EXEC=qemu-s390x sh run.sh internal/epoll
# SUITES_FLAGS are further flags of the tests, as in -test.short.
#
# It prints a line for each package and each skipped test, and everything about
# a package that fails. It needs no more than a POSIX shell and awk.
set -eu
cd "$(dirname "$0")"
[ ! -x chatsrv ] || E2E_CHATSRV=$PWD/chatsrv
export NETLOOP_EXEC="${NETLOOP_EXEC-}" E2E_CHATSRV="${E2E_CHATSRV-}"
# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(find . -name '*.test*' -type f | sed 's|^\./||; s|/*[^/]*$||; s|^$|.|' | sort)

out=${TMPDIR:-/tmp}/suites.$$
trap 'rm -f "$out"' EXIT

failed=''
for package in "$@"; do
	# As go test does it: in the package's folder.
	# shellcheck disable=SC2086 # lists of words
	if (cd "$package" && $NETLOOP_EXEC ./*.test* -test.v -test.timeout 5m ${SUITES_FLAGS-}) >"$out" 2>&1; then
		echo "ok    $package"
		# The reason of a skipped test comes before the word that it was.
		awk '$1 == "===" { test = $3 }
			/^ *[a-z_0-9]*\.go:[0-9]*: / { reason[test] = $0 }
			$1 == "---" && $2 == "SKIP:" { print "skip  " $3 reason[$3] }' "$out"
	else
		echo "FAIL  $package (exit code $?)"
		cat "$out"
		failed="$failed $package"
	fi
done

if [ -n "$failed" ]; then
	echo "suites: failed:$failed" >&2
	exit 1
fi
