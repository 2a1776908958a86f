#!/bin/sh
# Sees to it that the clients of the end-to-end tests are there: installs them
# on Debian and its relatives, elsewhere names what is missing and fails.
# Called by `make e2e`.
set -eu

# missing COMMAND PACKAGE adds both to the lists unless the command is there.
commands='' packages=''
missing() {
	command -v "$1" >/dev/null 2>&1 && return
	commands="$commands $1" packages="$packages $2"
}

look() {
	commands='' packages=''
	# Debian calls it telnet, too, but so it calls others.
	missing inetutils-telnet inetutils-telnet
	missing busybox busybox
	missing plink putty-tools
	missing nc netcat-openbsd
	missing ncat ncat
	missing socat socat
	missing openssl openssl
	# The programs of other processors.
	missing qemu-aarch64 qemu-user
	missing qemu-arm qemu-user
	missing qemu-riscv64 qemu-user
	missing qemu-s390x qemu-user
	# Wine runs what is built for its own processor, and the tests build for this one.
	# scripts/wine10.sh gets a newer one, where it can.
	if [ "$(uname -m)" = x86_64 ]; then
		missing wineboot "wine wine64"
		[ "$(uname -s)" != Linux ] || missing debootstrap "debootstrap debian-archive-keyring"
	fi
	# Not a client: it is the terminal of one.
	[ "$(uname -s)" != Linux ] || missing tmux tmux
	# Not a client: it shows the order of system calls.
	[ "$(uname -s)" != Linux ] || missing strace strace
	# Not a client: it is as slow as it can be.
	[ "$(uname -s)" != Linux ] || missing slowhttptest slowhttptest
	# Not a client: it gives the tests addresses that are not loopback.
	missing ip iproute2
}

# browsers looks for what the tests of the page need. They are skipped without it.
browsers() {
	commands='' packages=''
	[ "$(uname -s)" = Linux ] || return 0
	missing chromium chromium
	missing node nodejs
	missing npm npm
	missing certutil libnss3-tools
}

# install installs the packages, where there is apt-get.
install() {
	command -v apt-get >/dev/null 2>&1 || return 0
	sudo=''
	[ "$(id -u)" = 0 ] || sudo='sudo -n'
	echo "e2e: installing$packages"
	# shellcheck disable=SC2086 # lists of words
	{
		DEBIAN_FRONTEND=noninteractive
		export DEBIAN_FRONTEND
		$sudo apt-get -q update && $sudo apt-get -q -y install --no-install-recommends $packages
	} >/dev/null || echo "e2e: apt-get failed" >&2
}

browsers
[ -z "$commands" ] || install
browsers
[ -z "$commands" ] || echo "e2e: the tests of the page need$commands (Debian packages:$packages)" >&2

look
[ -z "$commands" ] && exit 0

install
look

if [ -n "$commands" ]; then
	echo "e2e: missing commands:$commands (Debian packages:$packages)" >&2
	exit 1
fi
