#!/bin/sh
# Builds and vets for every target (scripts/targets.sh): all packages for some,
# for the others all but those that need the SQLite library, the server among them.
# Called by `make cross`; what it leaves out, `make dist` builds.
set -eu
cd "$(dirname "$0")/.."

. scripts/targets.sh

# Comparisons are run on Linux only.
peers='/netloop/bench(/|$)'
library='github.com/ncruces/go-sqlite3'

# frugal prints the packages that don't need the library, neither they nor their
# tests: go list -test has each as p, p.test, p_test, and p [p.test].
frugal() {
	go list -test -f '{{.ImportPath}} {{join .Deps " "}}' ./... | awk -v library="$library" '
		{ package = $1; sub(/(\.test|_test)$/, "", package); all[package] = 1 }
		index($0 " ", " " library " ") { needs[package] = 1 }
		END { for (package in all) if (!(package in needs)) print package }'
}

# check TARGET builds and vets. Linking the programs, too (that is what -o is for),
# finds what compiling does not.
check() {
	GOOS=${1%/*} GOARCH=${1#*/}
	export GOOS GOARCH
	case " $store " in
	*" $1 "*) packages=$(go list ./...) ;;
	*) packages=$(frugal) ;;
	esac
	packages=$(echo "$packages" | grep -Ev "$peers")
	# Packages of tests only can be vetted, not built.
	# shellcheck disable=SC2086 # lists of words
	built=$(go list -f '{{if .GoFiles}}{{.ImportPath}}{{end}}' $packages)
	# shellcheck disable=SC2086
	if ! { go build -o /dev/null $built && go vet $packages; }; then
		failed="$failed $1"
	fi
}

failed=''
for target in $targets; do
	check "$target"
done

if [ -n "$failed" ]; then
	echo "cross: failed for:$failed" >&2
	exit 1
fi
