package chat

// topics are what /help can be asked about, each with its part of the command table.
var topics = []struct {
	name  string
	verbs func() []Verb
}{
	{"basics", basicVerbs},
	{"accounts", accountVerbs},
	{"settings", settingVerbs},
	{"rooms", roomVerbs},
	{"messages", peopleVerbs},
	{"history", historyVerbs},
	{"moderation", func() []Verb { return append(operatorVerbs(), moderatorVerbs()...) }},
	{"administration", adminVerbs},
}

// Verbs returns the command table, in the order of /help.
func Verbs() []Verb {
	var all []Verb
	for _, t := range topics {
		for _, v := range t.verbs() {
			v.topic = t.name
			all = append(all, v)
		}
	}
	return all
}

func basicVerbs() []Verb {
	return []Verb{
		{Name: "help", Aliases: []string{"h", "?"}, Args: "[COMMAND | TOPIC]", Help: "List the commands, or explain some of them.", MaxArgs: 1, Outside: true, Run: help},
		{Name: "me", Args: "ACTION", Help: "Say what you are doing.", MinArgs: 1, MaxArgs: 1, Rest: true, Personal: true, Run: me},
		{Name: "nick", Args: "NAME", Help: "Change your name.", MinArgs: 1, MaxArgs: 1, Roomless: true, Personal: true, Run: nick},
		{Name: "quit", Aliases: []string{"exit", "q"}, Args: "[REASON]", Help: "Leave the chat.", MaxArgs: 1, Rest: true, Outside: true, Personal: true, Run: quit},
	}
}

func accountVerbs() []Verb {
	return []Verb{
		{Name: "register", Args: "[NAME]", Help: "Register your name with a password.", MaxArgs: 1, Outside: true, Personal: true, Asks: true, Run: register},
		{Name: "login", Args: "[NAME]", Help: "Log in to your account.", MaxArgs: 1, Outside: true, Personal: true, Asks: true, Run: login},
		{Name: "logout", Help: "Log out and continue as a guest.", Need: User, Roomless: true, Personal: true, Run: logout},
		{Name: "passwd", Args: "[NAME]", Help: "Change your password; administrators, any user's.", Need: User, MaxArgs: 1, Roomless: true, Secret: always, Asks: true, Run: passwd},
		{Name: "whoami", Help: "Show your name, role and rooms.", Roomless: true, Personal: true, Run: whoami},
	}
}

func settingVerbs() []Verb {
	return []Verb{{
		Name: "set", Args: "[SETTING VALUE]", Help: "Show your settings, or change one.",
		MaxArgs: 2, Outside: true, Personal: true, Run: set,
	}}
}

func roomVerbs() []Verb {
	return []Verb{
		{Name: "join", Aliases: []string{"j"}, Args: "#ROOM [KEY]", Help: "Enter a room, or create it.", MinArgs: 1, MaxArgs: 2, Roomless: true, Personal: true, Run: join},
		{Name: "leave", Aliases: []string{"part"}, Args: "[#ROOM]", Help: "Leave a room; by default the current one.", MaxArgs: 1, Personal: true, Run: leave},
		{Name: "rooms", Help: "List the rooms.", Roomless: true, Run: rooms},
		{Name: "topic", Args: "[TEXT]", Help: "Show or set the room's topic.", MaxArgs: 1, Rest: true, Run: topic},
		{Name: "invite", Args: "NAME", Help: "Invite a user to the room.", MinArgs: 1, MaxArgs: 1, Personal: true, Run: invite},
		{Name: "uninvite", Args: "NAME", Help: "Remove a member from the room.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: uninvite},
		{Name: "list", Aliases: []string{"who", "names"}, Args: "[#ROOM]", Help: "List the users in the room.", MaxArgs: 1, Roomless: true, Run: list},
		{
			Name: "room", Args: "[SETTING VALUE | delete [#ROOM]]", Help: "Show the room's settings, change one, or delete the room.",
			MaxArgs: 2, Rest: true, Secret: roomSecret, Run: roomSettings,
		},
	}
}

func peopleVerbs() []Verb {
	return []Verb{
		{Name: "msg", Aliases: []string{"m", "tell"}, Args: "NAME TEXT", Help: "Send a private message.", MinArgs: 2, MaxArgs: 2, Rest: true, Roomless: true, Personal: true, Run: msg},
		{Name: "reply", Aliases: []string{"r"}, Args: "TEXT", Help: "Reply to the last private message.", MinArgs: 1, MaxArgs: 1, Rest: true, Roomless: true, Personal: true, Run: reply},
		{Name: "whois", Args: "NAME", Help: "Show information about a user.", MinArgs: 1, MaxArgs: 1, Roomless: true, Run: whois},
		{Name: "away", Args: "[WHY]", Help: "Mark yourself as away.", MaxArgs: 1, Rest: true, Roomless: true, Personal: true, Run: goAway},
		{Name: "back", Help: "End your away status.", Roomless: true, Personal: true, Run: back},
		{Name: "ignore", Args: "[NAME]", Help: "Hide a user's messages from you, or list the users you ignore.", MaxArgs: 1, Roomless: true, Personal: true, Run: ignore},
		{Name: "unignore", Args: "NAME", Help: "Stop ignoring a user.", MinArgs: 1, MaxArgs: 1, Roomless: true, Personal: true, Run: unignore},
	}
}

func historyVerbs() []Verb {
	return []Verb{
		{Name: "history", Args: "[N | since TIME]", Help: "Show the room's earlier messages.", MaxArgs: 2, Rest: true, Run: history},
		{
			Name: "search", Args: "WORDS [from:NAME] [in:#ROOM] [before:DATE] [after:DATE]", Help: "Search the messages of your rooms.",
			MinArgs: 1, MaxArgs: 1, Rest: true, Personal: true, Run: search,
		},
		{Name: "edit", Args: "TEXT", Help: "Replace the text of your last message.", MinArgs: 1, MaxArgs: 1, Rest: true, Personal: true, Run: edit},
		{Name: "more", Help: "Show the next page of a list.", Roomless: true, Personal: true, Run: moreOf},
	}
}

func operatorVerbs() []Verb {
	return []Verb{
		{Name: "kick", Args: "NAME [REASON]", Help: "Remove a user from the room.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 2, Rest: true, Run: kick},
		{Name: "mute", Args: "NAME [DURATION] [REASON]", Help: "Mute a user.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 2, Rest: true, Run: mute},
		{Name: "unmute", Args: "NAME", Help: "Unmute a user.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: unmute},
		{Name: "slow", Args: "SECONDS", Help: "Require a pause between a user's messages; 0 turns it off.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Rest: true, Run: slow},
		{Name: "redact", Args: "[ID | NAME [DURATION]]", Help: "Delete your last message, or another; operators, any user's.", MaxArgs: 2, Rest: true, Run: redact},
		{Name: "op", Args: "NAME", Help: "Make a user an operator of the room.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: op},
		{Name: "deop", Args: "NAME", Help: "Remove a user's operator status.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: deop},
		{Name: "voice", Args: "NAME", Help: "Let a user speak while the room is moderated.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: voice},
		{Name: "devoice", Args: "NAME", Help: "Remove a user's voice.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: devoice},
	}
}

func moderatorVerbs() []Verb {
	return []Verb{
		{
			Name: "ban", Args: "NAME | IP | CIDR [DURATION] [REASON]", Help: "Ban a user, with look-alike names and addresses, or a network.",
			Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 2, Rest: true, Roomless: true, Run: ban,
		},
		{Name: "unban", Args: "NAME | IP | CIDR", Help: "Lift a ban.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: unban},
		{Name: "bans", Help: "List bans and mutes.", Need: Moderator, Operator: true, Roomless: true, Run: bans},
		{
			Name: "shadowmute", Args: "NAME [DURATION] [REASON]", Help: "Hide a user's messages from all others, without telling them.",
			Need: Moderator, MinArgs: 1, MaxArgs: 2, Rest: true, Roomless: true, Run: shadowmute,
		},
		{Name: "flags", Args: "[approve ID | remove ID]", Help: "Review the messages that were held back.", Need: Moderator, MaxArgs: 2, Roomless: true, Run: flags},
		{
			Name: "lock", Args: "off | register | members | staff", Help: "Lock out registrations, guests, or everyone but staff.",
			Need: Moderator, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: lock,
		},
		{Name: "announce", Args: "TEXT", Help: "Send a message to all users.", Need: Moderator, MinArgs: 1, MaxArgs: 1, Rest: true, Roomless: true, Run: announce},
	}
}

func adminVerbs() []Verb {
	return []Verb{
		{Name: "useradd", Args: "NAME", Help: "Create an account; asks for its password.", Need: Admin, MinArgs: 1, MaxArgs: 1, Roomless: true, Secret: always, Asks: true, Run: useradd},
		{Name: "userdel", Args: "NAME", Help: "Delete an account and its mail.", Need: Admin, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: userdel},
		{Name: "role", Args: "NAME ROLE", Help: "Set a user's role.", Need: Admin, MinArgs: 2, MaxArgs: 2, Roomless: true, Run: role},
		{Name: "drop", Args: "CONNECTION", Help: "Close a connection by its number; whois shows it.", Need: Admin, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: drop},
		{Name: "stats", Help: "Show the server's statistics.", Need: Admin, Roomless: true, Run: stats},
		{Name: "rehash", Help: "Reload the configuration.", Need: Admin, Roomless: true, Run: rehash},
		{Name: "shutdown", Args: "[now | DURATION | cancel] [REASON]", Help: "Stop the server, now or later, or cancel that.", Need: Admin, MaxArgs: 1, Rest: true, Roomless: true, Run: shutdown},
	}
}
