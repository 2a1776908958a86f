package names

import (
	"strings"
	"sync"
)

// reserved are the names that nobody may have, since people would take what is
// said under them for the server's word, or that commands use for something
// else.
var reserved = []string{
	// The server and what speaks for it.
	"server", "system", "chatsrv", "netloop", "service", "services", "console",
	"daemon", "notice", "announcement", "announcements", "bot", "chatbot",
	// Those who run it.
	"admin", "admins", "administrator", "administrators", "administration",
	"root", "superuser", "sysop", "sysadmin", "owner", "operator", "operators",
	"oper", "op", "ops", "hostmaster", "postmaster", "webmaster",
	"moderator", "moderators", "moderation", "mod", "mods",
	"staff", "team", "official", "support", "helpdesk", "security", "abuse",
	// Everybody, nobody, and what messages call people.
	"everyone", "everybody", "all", "here", "nobody", "none", "null", "unknown",
	"anonymous", "anon", "guest", "guests", "user", "users", "you", "me", "deleted",
	// What people type when they want something else.
	"help", "quit", "exit", "login", "logout", "password",
}

var reservedSkeletons = sync.OnceValue(func() map[string]bool {
	skeletons := make(map[string]bool, len(reserved))
	for _, word := range reserved {
		skeletons[skeletonASCII(word)] = true
	}
	return skeletons
})

// Reserved reports whether n is, or looks like, a name that nobody may have.
// Signs around it don't make it another: "_admin." is reserved, too. A room may
// have any of them.
func Reserved(n Name) bool {
	// Ali, whom only one capital in the wrong place makes all.
	if n.Key == "ali" && !strings.Contains(n.Display, "lI") {
		return false
	}
	return reservedSkeletons()[strings.Trim(n.Skeleton, "_-.")]
}
