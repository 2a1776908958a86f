module github.com/sudoXpg/netloop

go 1.26.0
