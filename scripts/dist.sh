#!/bin/sh
# Builds the server and the client of the last commit for every target into dist/, as
# chatsrv_OS_ARCH[.exe] and chat_OS_ARCH[.exe], with SHA256SUMS. The same commit and the same Go make
# the same bytes in whatever folder; that is checked at the end for this
# machine. Called by `make dist`.
set -eu
cd "$(dirname "$0")/.."
. scripts/targets.sh

# What is released does not depend on whose environment it is built in.
GOFLAGS='-trimpath -buildvcs=true' CGO_ENABLED=0
GOAMD64=v1 GOARM64=v8.0 GOARM=7 GO386=sse2 GOPPC64=power8 GORISCV64=rva20u64
GOEXPERIMENT='' GOFIPS140=off
export GOFLAGS CGO_ENABLED GOAMD64 GOARM64 GOARM GO386 GOPPC64 GORISCV64 GOEXPERIMENT GOFIPS140

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# commit FOLDER is a clone at the last commit, which the go command writes into
# the program as its version, with the commit's date. (In a worktree it can't.)
commit() {
	git clone -q --no-checkout . "$1"
	git -C "$1" checkout -q --detach "$(git rev-parse HEAD)"
}

programs='chatsrv chat'

# build FOLDER FILE PROGRAM builds for GOOS and GOARCH, without what only debuggers read.
build() { go -C "$1" build -ldflags='-s -w' -o "$2" "./cmd/$3"; }

[ -z "$(git status --porcelain)" ] || echo "dist: what is not committed is not in it" >&2
rm -rf dist
mkdir dist
commit "$work/one"
for target in $targets; do
	GOOS=${target%/*} GOARCH=${target#*/}
	export GOOS GOARCH
	exe=''
	[ "$GOOS" != windows ] || exe=.exe
	for program in $programs; do
		build "$work/one" "$PWD/dist/${program}_${GOOS}_$GOARCH$exe" "$program"
	done
done
sum=sha256sum
command -v sha256sum >/dev/null 2>&1 || sum='shasum -a 256' # macOS
(cd dist && $sum chat*_* >SHA256SUMS)

# From nothing, because a cache hides differences.
GOOS=$(go env GOHOSTOS) GOARCH=$(go env GOHOSTARCH)
commit "$work/another/folder"
GOCACHE=$work/cache
export GOCACHE
for program in $programs; do
	build "$work/another/folder" "$work/again" "$program"
	cmp "dist/${program}_${GOOS}_$GOARCH" "$work/again"
done
