#!/bin/sh
# Runs the tests that scripts/suites.sh put beside this file: all of them, or
# the packages named. NETLOOP_EXEC names a program that runs them, if this
# machine can't by itself: NETLOOP_EXEC=qemu-s390x sh run.sh internal/epoll
# SUITES_FLAGS are further flags of the tests, as in -test.short.
#
# It prints a line for each package and each skipped test, and everything about
# a package that fails. The last line names what has failed, as the rest may be long. A
# package is ok if one of its tests has passed at least. It needs no more than a POSIX shell
# and awk.
set -eu
cd "$(dirname "$0")"
[ ! -x chatsrv ] || E2E_CHATSRV=$PWD/chatsrv
export NETLOOP_EXEC="${NETLOOP_EXEC-}" E2E_CHATSRV="${E2E_CHATSRV-}"
# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(find . -name '*.test*' -type f | sed 's|^\./||; s|/*[^/]*$||; s|^$|.|' | sort)

out=${TMPDIR:-/tmp}/suites.$$
trap 'rm -f "$out"' EXIT

# report reads what the tests of a package say that has not failed. A package of which
# no test has passed is not ok.
report() {
	awk -v package="$1" '
		$1 == "===" { test = $3 }
		# The reason of a skipped test comes before the word that it was.
		/^ *[a-z_0-9]*\.go:[0-9]*: / { reason[test] = $0 }
		$1 == "---" && $2 == "PASS:" { passed[$3] = 1 }
		$1 == "---" && $2 == "SKIP:" { skipped[++skips] = $3 }
		$1 == "---" { for (t = $3; match(t, "/[^/]*$"); parent[t] = 1) t = substr(t, 1, RSTART - 1) }
		$0 != "PASS" && !first { first = $0 }
		END {
			for (test in passed)
				if (!(test in parent))
					ran++
			if (ran)
				print "ok    " package
			else if (skips)
				print "skip  " package " all of it:" reason[skipped[1]]
			else
				print "skip  " package " runs no test: " first
			for (i = 1; i <= skips; i++)
				print "skip  " skipped[i] reason[skipped[i]]
		}'
}

failed=''
for package in "$@"; do
	# As go test does it: in the package's folder.
	# shellcheck disable=SC2086 # lists of words
	if (cd "$package" && $NETLOOP_EXEC ./*.test* -test.v -test.timeout 15m ${SUITES_FLAGS-}) >"$out" 2>&1; then
		report "$package" <"$out"
	else
		echo "FAIL  $package (exit code $?)"
		cat "$out"
		failed="$failed $package$(awk '$1 == "---" && $2 == "FAIL:" { printf " %s", $3 }' "$out")"
	fi
done

if [ -n "$failed" ]; then
	echo "suites: failed:$failed" >&2
	exit 1
fi
