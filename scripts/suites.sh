#!/bin/sh
# Builds the tests into a folder that can be taken to another machine, where
# they run without Go: sh FOLDER/run.sh. Without packages it builds all that
# need nothing but the machine, and for Unix the conversations with the server.
#
# Usage: scripts/suites.sh GOOS/GOARCH FOLDER [PACKAGE...]
set -eu
GOOS=${1%/*} GOARCH=${1#*/}
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2
cd "$(dirname "$0")/.."
# Once, by the environment, and for what go list says, too.
GOFLAGS="$(go env GOFLAGS) -trimpath" CGO_ENABLED=0
export GOOS GOARCH GOFLAGS CGO_ENABLED

module=$(go list -m)
[ $# -gt 0 ] || all=yes
tests=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' "${@:-./...}")
if [ "${all-}" ]; then
	tests=$(echo "$tests" | grep -Ev "^$module/(bench|internal/bench|internal/e2e|cmd/chatbench)(/|$)")
	if [ "$GOOS" != windows ]; then
		mkdir -p "$folder/internal/e2e"
		go build -o "$folder/chatsrv" ./cmd/chatsrv
		go test -tags e2e -c -o "$folder/internal/e2e/e2e.test" ./internal/e2e
		cp -R internal/e2e/testdata "$folder/internal/e2e/"
	fi
fi

# build builds many packages at once, because that is much faster, and then moves each to its
# place. Their last names have to differ.
build() {
	[ $# -gt 0 ] || return 0
	mkdir -p "$folder/new"
	go test -c -o "$folder/new/" "$@"
	for package in "$@"; do
		place=${package#"$module"}
		mkdir -p "$folder$place"
		mv "$folder/new/${package##*/}.test"* "$folder$place/"
		[ ! -d ".$place/testdata" ] || cp -R ".$place/testdata" "$folder$place/"
	done
	rmdir "$folder/new"
}
# A program may have the name of a package.
# shellcheck disable=SC2046 # lists of words
build $(echo "$tests" | grep "^$module/cmd/")
# shellcheck disable=SC2046
build $(echo "$tests" | grep -v "^$module/cmd/")
# What tests compare with the code.
mkdir -p "$folder/docs"
cp README.md "$folder/"
cp docs/*.md docs/*.example.* docs/*.schema.json "$folder/docs/"
cp scripts/run-suites.sh "$folder/run.sh"
