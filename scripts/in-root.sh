#!/bin/sh
# Runs words below another root folder, with this machine's devices, processes and
# temporary folders, in the folder where it was called. The process becomes that of
# the words. Its mounts are in a namespace of their own and vanish with it.
#
# Usage: scripts/in-root.sh ROOT WORDS...
set -eu
if [ "${IN_ROOT-}" != "$$" ]; then
	as_root=''
	[ "$(id -u)" = 0 ] || as_root='--user --map-root-user'
	IN_ROOT=$$
	export IN_ROOT
	# shellcheck disable=SC2086 # a list of words
	exec unshare $as_root --mount --propagation private sh "$0" "$@"
fi
unset IN_ROOT
root=$1
shift
for folder in /proc /sys /dev /tmp "${TMPDIR:-/tmp}"; do
	# One below another is there already.
	[ "$root$folder" -ef "$folder" ] || {
		mkdir -p "$root$folder"
		mount --rbind "$folder" "$root$folder"
	}
done
# What localhost is, and who answers for other names.
for file in /etc/hosts /etc/resolv.conf; do
	[ ! -e "$file" ] || mount --bind "$file" "$root$file"
done
unset TMPDIR # Debian's Wine 10 frees what it never allocated if that is set
# shellcheck disable=SC2016 # for the other shell
exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
