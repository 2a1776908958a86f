package names

import (
	"strings"
	"sync"
	"unicode"
)

// reserved are the names that no user may have, because messages under them
// could be mistaken for the server's, or because commands use them for
// something else.
var reserved = []string{
	// The server and its services.
	"server", "system", "chatsrv", "netloop", "service", "services", "console",
	"daemon", "notice", "announcement", "announcements", "bot", "chatbot",
	// Those who run it.
	"admin", "admins", "administrator", "administrators", "administration",
	"root", "superuser", "sysop", "sysadmin", "owner", "operator", "operators",
	"oper", "op", "ops", "hostmaster", "postmaster", "webmaster",
	"moderator", "moderators", "moderation", "mod", "mods",
	"staff", "team", "official", "support", "helpdesk", "security", "abuse",
	// Words for everybody and nobody, and those that messages use for people.
	"everyone", "everybody", "all", "here", "nobody", "none", "null", "unknown",
	"anonymous", "anon", "guest", "guests", "user", "users", "you", "me", "deleted",
	// Words that people type by mistake at the prompt.
	"help", "quit", "exit", "login", "logout", "password",
}

var reservedSkeletons = sync.OnceValue(func() map[string]bool {
	skeletons := make(map[string]bool, len(reserved))
	for _, word := range reserved {
		skeletons[skeletonASCII(word)] = true
	}
	return skeletons
})

// Number reports whether n has no letter, so that it could be mistaken for a number or an
// address: "175", "10.0.0.1".
func Number(n Name) bool { return !strings.ContainsFunc(n.Key, unicode.IsLetter) }

// Reserved reports whether n is, or looks like, a reserved name. Punctuation
// around it makes no difference: "_admin." is reserved, too. Rooms may have
// such names.
func Reserved(n Name) bool {
	// Ali looks like "all" only with one capital in the wrong place.
	if n.Key == "ali" && !strings.Contains(n.Display, "lI") {
		return false
	}
	return reservedSkeletons()[strings.Trim(n.Skeleton, "_-.")]
}
