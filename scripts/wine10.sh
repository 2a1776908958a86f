#!/bin/sh
# Sees to it that there is a root folder with Debian 13, which has Wine 10, and prints
# where, for scripts/in-root.sh. It stays between runs: another run costs nothing.
# Where it can't be had, that is said and the exit code is 1. Called by `make e2e`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
suite=trixie
cache=${XDG_CACHE_HOME:-$HOME/.cache}/netloop
root=$cache/wine10
log=$cache/wine10.log

no() {
	echo "e2e: no Wine 10: $*" >&2
	exit 1
}

# carry has debootstrap's downloads go the way that apt's go. (What apt itself gets
# below, it gets with all of this machine's configuration.)
carry() {
	http_proxy=${http_proxy-} https_proxy=${https_proxy-} ca=''
	eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy ca Acquire::https::CAInfo)"
	[ "$http_proxy" != DIRECT ] || http_proxy=''
	[ "$https_proxy" != DIRECT ] || https_proxy=''
	export http_proxy https_proxy
	if [ -n "$ca" ]; then
		WGETRC=$cache/wgetrc
		export WGETRC
		echo "ca_certificate = $ca" >"$WGETRC"
	fi
}

# mirror prints where this machine has Debian from, or nothing: debootstrap knows
# a place then.
mirror() {
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed -n 's/^Debian|Debian|//p' | head -n 1
}

# below has apt work on the new root, with the configuration of this machine.
below() {
	DEBIAN_FRONTEND=noninteractive apt-get -q \
		-o Dir::State="$root.new/var/lib/apt" -o Dir::State::status="$root.new/var/lib/dpkg/status" \
		-o Dir::Cache="$root.new/var/cache/apt" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::SourceList="$root.new/etc/apt/sources.list" -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::Etc::TrustedParts="$root.new/etc/apt/trusted.gpg.d" \
		-o DPkg::Chroot-Directory="$root.new" "$@"
}

# build makes the root beside its place, so that one that is there is complete.
build() {
	rm -rf "$root.new"
	carry
	from=$(mirror)
	# shellcheck disable=SC2086 # nothing, if it is empty
	debootstrap --variant=minbase "$suite" "$root.new" $from
	# What is never looked at is half of it.
	for unread in doc man locale info; do
		echo "path-exclude=/usr/share/$unread/*"
	done >"$root.new/etc/dpkg/dpkg.cfg.d/unread"
	below update
	below -y install --no-install-recommends wine wine64
	rm -rf "$root.new"/var/cache/apt/* "$root.new"/var/lib/apt/lists/*
	touch "$root.new/etc/hosts" "$root.new/etc/resolv.conf" # see in-root.sh
	mv "$root.new" "$root"
}

if [ "${1-}" = --build ]; then # in a namespace for what debootstrap mounts
	[ -d "$root" ] || build
	exit
fi

[ "$(uname -s) $(uname -m)" = 'Linux x86_64' ] || no "the tests build for Linux on amd64"
if [ ! -d "$root" ]; then
	sudo=''
	[ "$(id -u)" = 0 ] || sudo='sudo -n'
	$sudo true 2>/dev/null || no "installing it in a folder of its own needs root"
	for command in apt-get debootstrap unshare flock; do
		command -v "$command" >/dev/null 2>&1 || no "there is no $command"
	done
	mkdir -p "$cache"
	echo "e2e: installing Debian 13 with Wine 10 in $root" >&2
	# One at a time. What debootstrap mounts vanishes with the namespace, also when
	# this is interrupted, and is in no way of the next one that cleans up.
	$sudo env HOME="$HOME" XDG_CACHE_HOME="${XDG_CACHE_HOME-}" \
		flock "$cache/wine10.lock" unshare --mount --propagation private sh "$0" --build >"$log" 2>&1 ||
		no "it can't be installed, see $log: $(tail -n 1 "$log")"
fi
sh "$here/in-root.sh" "$root" wine --version >/dev/null 2>&1 || no "programs in $root can't be run by this user"
echo "$root"
