package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// release is the version of builds that are not from a tagged module.
const release = "0.1.0"

// version describes this build: number, commit and its date if they are known,
// Go, platform. It has no time or place of the build, so that builds are
// reproducible.
func version() string {
	number, commit := build()
	return fmt.Sprintf("%s%s (%s %s/%s)", number, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// build returns the number and, if it is known, the commit.
func build() (number, commit string) {
	if info, ok := debug.ReadBuildInfo(); ok {
		return fromBuild(info)
	}
	return release, ""
}

// fromBuild extracts the version from the build information in the program.
func fromBuild(info *debug.BuildInfo) (number, commit string) {
	number = release
	date := ""
	// A build of a working tree has a made-up version, with the commit in it.
	if v, tagged := strings.CutPrefix(info.Main.Version, "v"); tagged && !strings.ContainsAny(v, "-+") {
		number = v
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = "+" + s.Value[:min(len(s.Value), 12)] + commit
		case s.Key == "vcs.modified" && s.Value == "true":
			commit += ".modified"
		case s.Key == "vcs.time":
			date, _, _ = strings.Cut(s.Value, "T")
		}
	}
	if date != "" {
		commit += " of " + date
	}
	return number, commit
}
