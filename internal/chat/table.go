package chat

// Verbs returns the command table, in the order of /help.
func Verbs() []Verb {
	all := []Verb{
		{Name: "help", Aliases: []string{"h", "?"}, Args: "[COMMAND]", Help: "List the commands, or explain one.", MaxArgs: 1, Outside: true, Run: help},
		{Name: "me", Args: "ACTION", Help: "Say what you are doing.", MinArgs: 1, MaxArgs: 1, Rest: true, Personal: true, Run: me},
		{Name: "nick", Args: "NAME", Help: "Change your name.", MinArgs: 1, MaxArgs: 1, Roomless: true, Personal: true, Run: nick},
		{Name: "quit", Aliases: []string{"exit", "q"}, Args: "[REASON]", Help: "Leave the chat.", MaxArgs: 1, Rest: true, Outside: true, Personal: true, Run: quit},
	}
	for _, more := range [][]Verb{accountVerbs(), roomVerbs(), peopleVerbs(), historyVerbs(), operatorVerbs(), moderatorVerbs(), adminVerbs()} {
		all = append(all, more...)
	}
	return all
}

func accountVerbs() []Verb {
	return []Verb{
		{Name: "register", Args: "[NAME]", Help: "Make your name yours: asks for a password.", MaxArgs: 1, Outside: true, Personal: true, Run: register},
		{Name: "login", Args: "[NAME]", Help: "Log in to your account: asks for the password.", MaxArgs: 1, Outside: true, Personal: true, Run: login},
		{Name: "logout", Help: "Go on as a guest.", Need: User, Roomless: true, Personal: true, Run: logout},
		{Name: "passwd", Args: "[NAME]", Help: "Change your password; admins, that of anybody.", Need: User, MaxArgs: 1, Roomless: true, Run: passwd},
		{Name: "whoami", Help: "Say who you are here.", Roomless: true, Personal: true, Run: whoami},
		{
			Name: "set", Args: "[SETTING VALUE]", Help: "Show or change how things are shown to you.",
			MaxArgs: 2, Roomless: true, Personal: true, Run: set,
		},
	}
}

func roomVerbs() []Verb {
	return []Verb{
		{Name: "join", Aliases: []string{"j"}, Args: "#ROOM [KEY]", Help: "Enter a room, or make one, and talk there.", MinArgs: 1, MaxArgs: 2, Roomless: true, Personal: true, Run: join},
		{Name: "leave", Aliases: []string{"part"}, Args: "[#ROOM]", Help: "Leave a room, this one by default.", MaxArgs: 1, Personal: true, Run: leave},
		{Name: "rooms", Help: "List the rooms.", Roomless: true, Run: rooms},
		{Name: "topic", Args: "[TEXT]", Help: "Show or set what the room is about.", MaxArgs: 1, Rest: true, Run: topic},
		{Name: "invite", Args: "NAME", Help: "Ask somebody into the room.", MinArgs: 1, MaxArgs: 1, Personal: true, Run: invite},
		{Name: "list", Aliases: []string{"who", "names"}, Args: "[#ROOM]", Help: "List who is here.", MaxArgs: 1, Roomless: true, Run: list},
		{
			Name: "room", Args: "[SETTING VALUE]", Help: "Show the room's settings, or change one.",
			MaxArgs: 2, Rest: true, Run: roomSettings,
		},
	}
}

func peopleVerbs() []Verb {
	return []Verb{
		{Name: "msg", Aliases: []string{"m", "tell"}, Args: "NAME TEXT", Help: "Say something to one person only.", MinArgs: 2, MaxArgs: 2, Rest: true, Roomless: true, Personal: true, Run: msg},
		{Name: "reply", Aliases: []string{"r"}, Args: "TEXT", Help: "Answer the last private message.", MinArgs: 1, MaxArgs: 1, Rest: true, Roomless: true, Personal: true, Run: reply},
		{Name: "whois", Args: "NAME", Help: "Say who somebody is.", MinArgs: 1, MaxArgs: 1, Roomless: true, Run: whois},
		{Name: "away", Args: "[WHY]", Help: "Say that you are not there.", MaxArgs: 1, Rest: true, Roomless: true, Personal: true, Run: goAway},
		{Name: "back", Help: "Say that you are there again.", Roomless: true, Personal: true, Run: back},
		{Name: "ignore", Args: "[NAME]", Help: "See nothing of somebody, or list whom you ignore.", MaxArgs: 1, Roomless: true, Personal: true, Run: ignore},
		{Name: "unignore", Args: "NAME", Help: "See somebody again.", MinArgs: 1, MaxArgs: 1, Roomless: true, Personal: true, Run: unignore},
	}
}

func historyVerbs() []Verb {
	return []Verb{
		{Name: "history", Args: "[N | since TIME]", Help: "Show what was said before.", MaxArgs: 2, Run: history},
		{
			Name: "search", Args: "WORDS [from:NAME] [in:#ROOM] [before:DATE] [after:DATE]", Help: "Find what was said.",
			MinArgs: 1, MaxArgs: 1, Rest: true, Personal: true, Run: search,
		},
		{Name: "more", Help: "Go on with the list.", Roomless: true, Personal: true, Run: moreOf},
	}
}

func operatorVerbs() []Verb {
	return []Verb{
		{Name: "kick", Args: "NAME [REASON]", Help: "Remove somebody from the room.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 2, Rest: true, Run: kick},
		{Name: "mute", Args: "NAME [DURATION] [REASON]", Help: "Let somebody say nothing.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 3, Rest: true, Run: mute},
		{Name: "unmute", Args: "NAME", Help: "Let somebody speak again.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: unmute},
		{Name: "slow", Args: "SECONDS", Help: "Let everybody wait so long between two lines; 0 for no more.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: slow},
		{Name: "redact", Args: "ID | NAME [DURATION]", Help: "Take back a message, or all of somebody since so long ago.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 2, Run: redact},
		{Name: "op", Args: "NAME", Help: "Make somebody an operator of the room.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: op},
		{Name: "deop", Args: "NAME", Help: "Take that back.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Run: deop},
	}
}

func moderatorVerbs() []Verb {
	return []Verb{
		{
			Name: "ban", Args: "NAME | IP | CIDR [DURATION] [REASON]", Help: "Keep somebody out, with account, look-alikes and address.",
			Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 3, Rest: true, Roomless: true, Run: ban,
		},
		{Name: "unban", Args: "NAME | IP | CIDR", Help: "Let somebody in again.", Need: Moderator, Operator: true, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: unban},
		{Name: "bans", Help: "List who is banned or muted.", Need: Moderator, Operator: true, Roomless: true, Run: bans},
		{
			Name: "shadowmute", Args: "NAME [DURATION] [REASON]", Help: "Let nobody but himself see what somebody says.",
			Need: Moderator, MinArgs: 1, MaxArgs: 3, Rest: true, Roomless: true, Run: shadowmute,
		},
		{Name: "flags", Args: "[approve ID | remove ID]", Help: "Review the messages that wait.", Need: Moderator, MaxArgs: 2, Roomless: true, Run: flags},
		{
			Name: "lock", Args: "off | register | members | staff", Help: "Close the server: to registrations, to guests, to all but staff.",
			Need: Moderator, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: lock,
		},
		{Name: "announce", Args: "TEXT", Help: "Tell everybody something.", Need: Moderator, MinArgs: 1, MaxArgs: 1, Rest: true, Roomless: true, Run: announce},
	}
}

func adminVerbs() []Verb {
	return []Verb{
		{Name: "useradd", Args: "NAME", Help: "Make an account: asks for its password.", Need: Admin, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: useradd},
		{Name: "userdel", Args: "NAME", Help: "Remove an account, and its mail.", Need: Admin, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: userdel},
		{Name: "role", Args: "NAME ROLE", Help: "Make somebody a user, a moderator or an admin.", Need: Admin, MinArgs: 2, MaxArgs: 2, Roomless: true, Run: role},
		{Name: "drop", Args: "CONNECTION", Help: "Close a connection; /whois shows its number.", Need: Admin, MinArgs: 1, MaxArgs: 1, Roomless: true, Run: drop},
		{Name: "stats", Help: "Show how the server is doing.", Need: Admin, Roomless: true, Run: stats},
		{Name: "rehash", Help: "Read the configuration again.", Need: Admin, Roomless: true, Run: rehash},
		{Name: "shutdown", Args: "[SECONDS] [REASON]", Help: "Stop the server.", Need: Admin, MaxArgs: 2, Rest: true, Roomless: true, Run: shutdown},
	}
}
