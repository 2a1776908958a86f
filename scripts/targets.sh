# shellcheck shell=sh disable=SC2034 # read by the scripts that source this
# The one list of what is built, as GOOS/GOARCH.

# Systems that the programs are checked for at every change: those that have a
# backend of their own or will get one.
programs='
linux/amd64 linux/arm64 linux/386
darwin/arm64
freebsd/amd64 openbsd/amd64 netbsd/amd64
windows/amd64 windows/386'

# Systems that the toolkit is checked for, too. `make dist` builds the server
# for these as well.
toolkit='
linux/arm linux/riscv64 linux/s390x
darwin/amd64
freebsd/386 dragonfly/amd64
illumos/amd64 solaris/amd64 aix/ppc64
windows/arm64'
