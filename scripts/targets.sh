# shellcheck shell=sh disable=SC2034 # read by the scripts that source this
# The one list of what is built, as GOOS/GOARCH. `make dist` builds the server for all
# of them.
targets='
linux/amd64 linux/arm64 linux/386 linux/arm linux/riscv64 linux/s390x
linux/loong64 linux/mips linux/mips64le linux/ppc64le
darwin/arm64 darwin/amd64
freebsd/amd64 freebsd/arm64 freebsd/386 openbsd/amd64 netbsd/amd64 dragonfly/amd64
illumos/amd64 solaris/amd64 aix/ppc64
windows/amd64 windows/386 windows/arm64'

# For these `make cross` also builds and vets what needs the SQLite library, which
# takes longer to compile than all the rest: one of each kind of locking and mapping.
store='linux/amd64 darwin/arm64 windows/amd64'
