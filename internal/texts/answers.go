package texts

// Answers returns the words of answers to commands, by their code: templates in the form of the
// table of internal/codec/text. It is nil in English, which that table has.
func (l *Language) Answers() map[string]string {
	if l.tag == tagGerman {
		return germanAnswers
	}
	return nil
}

var germanAnswers = map[string]string{
	// Help.
	"help-line":     "{command} {help}[ (auch {also})]",
	"help-slash":    "Eine Zeile senden, die mit einem Schrägstrich beginnt.",
	"help-topics":   "/help BEFEHL erklärt einen Befehl; /help THEMA listet die Befehle zu {topics}.",
	"help-editing":  "Zerreißen die Nachrichten anderer, was du tippst? Mit telnet: /set editing on. Mit nc: rlwrap nc HOST PORT.",
	"help-operator": "Mit in RAUM vor einem Befehl gilt er für den Raum.",
	"help-command":  "So geht es: {usage}: {help}[ (auch {also})]",
	"more-lines":    "/more zeigt {lines|weitere Zeile|weitere Zeilen}",
	"more-older":    "/more zeigt ältere Nachrichten",

	// Rooms and their members.
	"room":             "{people|Person|Personen}[{?members}, nur für Mitglieder][{?key}, mit Schlüssel][{?moderated}, moderiert][, langsam: {slow}][: {topic}]",
	"topic":            "[das Thema von {room}: {topic}|{room} hat kein Thema]",
	"members":          "{people|Person|Personen} in {room}: {names}[ und {others} weitere]",
	"member":           "{name}[{?away} (abwesend: {why})|{?away} (abwesend)| ({idle} still)]",
	"connections":      "{connections|Verbindung|Verbindungen}",
	"connection":       "{id} {name}, {role}, von [{from}|diesem Rechner], {idle} still",
	"whois":            "{name}: [{?registered}{role}|Gast], {connections|Verbindung|Verbindungen}[, {idle} still][{?away}, abwesend: {why}|{?away}, abwesend]",
	"whois-gone":       "{name}: {role}, nicht da; das letzte Mal ist {seen} her",
	"whois-connection": "Verbindung {id} von [{from}|diesem Rechner]",
	"whoami":           "du bist {name} ([{?registered}{role}|Gast]), in [{rooms}|keinem Raum], von [{from}|diesem Rechner]",
	"ignored":          "du ignorierst [{names}|niemanden]",
	"room-group":       "{group}: {names}",
	"room-owner":       "Besitz",
	"room-operators":   "Raumleitung",
	"room-invited":     "Mitglieder",
	"room-voiced":      "Stimmrecht",
	"room-nobody":      "{room} hat keine Leitung und keine Mitglieder",
	"value":            "[{value}|aus]",

	// Messages, joins and leaves.
	"joined":      "{name} ist gekommen",
	"left":        "{name} ist gegangen[ ({why})]",
	"is-called":   "{name} heißt jetzt {new}",
	"entered":     "du bist in {room} als {name}, [mit {others} weiteren|mit niemandem sonst]; /help zeigt die Befehle",
	"missed":      "du hast [{lines|Zeile|Zeilen}|einige Zeilen] verpasst",
	"recent":      "die letzten {lines} Zeilen",
	"recent-one":  "die letzte Zeile",
	"recent-end":  "Ende der letzten Zeilen",
	"history":     "{lines|Zeile|Zeilen} von {room}",
	"history-end": "Ende des Verlaufs",
	"found":       "{lines|Zeile|Zeilen} mit {query}",
	"found-end":   "Ende der Treffer",

	// Bans and mutes, messages that wait, numbers.
	"no-sanctions":        "niemand ist gesperrt oder stumm",
	"sanction":            "{kind} von {target}[ auf {net}][ in {room}] durch {by}[ für {for}, bis {until}| dauerhaft][: {reason}]",
	"sanction-ban":        "Sperre",
	"sanction-mute":       "Stummschaltung",
	"sanction-shadowmute": "verdeckte Stummschaltung",
	"no-flags":            "keine Nachrichten warten auf Prüfung",
	"flag":                "#{id} {room} {name}: {text} ({why})",
	"stats-chat":          "{names|Name|Namen} mit {connections|Verbindung|Verbindungen}, {rooms|Raum|Räume}, {accounts|Konto|Konten}",
	"stats-held":          "{sanctions|Sperre oder Stummschaltung gilt|Sperren und Stummschaltungen gelten}, {flags|Nachricht wartet|Nachrichten warten} auf Prüfung",
	"stats-up":            "Laufzeit: {up}",
	"stats-connections":   "{open|Verbindung offen|Verbindungen offen}, {accepted} insgesamt, {refused} abgelehnt, {slow} getrennt, weil zu langsam",
	"stats-events":        "{events|Ereignis|Ereignisse} verteilt",
}

// germanCodes are what the server says that the page does not show, or words for the web.
var germanCodes = map[string]string{
	"talking-in": "Du sprichst jetzt in {room}.", "left-room": "Du hast {room} verlassen und sprichst jetzt in {current}.",
	"entered": "Du bist in {room} als {name}.", "edited": "Nachricht #{id} wurde bearbeitet.", "saved": "Nachricht #{id} ist gespeichert.",
	"missed":    "Du hast [{lines} {lines|Zeile|Zeilen}|einige Zeilen] verpasst.",
	"needs-tls": "Dieser Server nimmt Passwörter nur über TLS an: Verbinde dich mit --tls-only.", "resume-plain": "Sitzungen lassen sich nur über TLS fortsetzen: Verbinde dich mit --tls-only.",
	"line-too-long": "Diese Zeile war länger als {most} Bytes und wurde verworfen.", "json-no-question": "Es ist keine Frage offen.",
}
