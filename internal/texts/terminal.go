package texts

// words are a text in both languages.
type words struct{ en, de string }

// terminal has the texts that only a terminal needs. The page has none of these keys.
var terminal = map[string]words{
	// The connection.
	"chat.lastTarget":       {"connecting to {target}, the last target", "Verbindung mit {target}, dem letzten Ziel"},
	"chat.notRemembered":    {"warning: the target can't be remembered: {why}", "Warnung: Das Ziel kann nicht gemerkt werden: {why}"},
	"chat.keyringNone":      {"the keyring has no password of {account}", "der Schlüsselbund hat kein Passwort von {account}"},
	"chat.keyringForgotten": {"the password of {account} is no longer in the keyring", "das Passwort von {account} ist nicht mehr im Schlüsselbund"},
	"chat.keyringWrong":     {"the password of {account} in the keyring is wrong (--save-password replaces it, --forget-password removes it)", "das Passwort von {account} im Schlüsselbund ist falsch (--save-password ersetzt es, --forget-password entfernt es)"},
	"chat.noneSaved":        {"no password was needed, so none is saved", "es war kein Passwort nötig, also wird keins gespeichert"},
	"chat.notSavedPlain":    {"the password is not saved: it was sent without TLS", "das Passwort wird nicht gespeichert: Es wurde ohne TLS gesendet"},
	"chat.notSaved":         {"the password is not saved: {why}", "das Passwort wird nicht gespeichert: {why}"},
	"chat.saved":            {"the password of {account} is now in the keyring (--forget-password removes it)", "das Passwort von {account} ist jetzt im Schlüsselbund (--forget-password entfernt es)"},
	"chat.noName":           {"no name was given", "es wurde kein Name angegeben"},
	"chat.lost":             {"the connection is lost: {why}; trying again in {wait}[ ({enter})]", "Die Verbindung ist weg ({why}); nächster Versuch in {wait}[ ({enter})]."},
	"chat.stillLost":        {"there is still no connection: {why}; trying again in {wait}[ ({enter})]", "Immer noch keine Verbindung ({why}); nächster Versuch in {wait}[ ({enter})]."},
	"chat.enter":            {"press Enter to try now", "Eingabetaste: jetzt versuchen"},
	"chat.again":            {"connected again", "Wieder verbunden."},
	"chat.newSession":       {"connected again, in a new session: the old one has ended", "Wieder verbunden, in einer neuen Sitzung: Die alte ist zu Ende."},
	"chat.mayBeLost":        {"the session has ended, so it is unknown whether this message has arrived: {text}", "Die Sitzung ist zu Ende. Diese Nachricht kam vielleicht an, vielleicht nicht: {text}"},
	"chat.rollback":         {"the server has lost its latest messages in {room}, also some that were shown here", "Der Server hat seine letzten Nachrichten in {room} verloren, auch solche, die hier stehen."},
	"chat.gap":              {"messages in {room} were missed", "Nachrichten in {room} fehlen hier."},
	"chat.oddAnswer":        {"the server has sent an answer that is not understood: {why}", "Eine Antwort des Servers ist nicht verständlich: {why}"},
	"chat.closed":           {"the connection was closed", "die Verbindung wurde beendet"},
	"chat.serverClosed":     {"the server has closed the connection", "der Server hat die Verbindung beendet"},
	"chat.silent":           {"the server does not answer", "der Server antwortet nicht"},
	"chat.late":             {"the server does not answer in time", "der Server antwortet nicht rechtzeitig"},
	"chat.needsPassword": {
		"the session has ended, and chat does not know the password of the account that you were logged in to (chat NAME@HOST asks for it)",
		"die Sitzung ist zu Ende, und chat kennt das Passwort des Kontos nicht, mit dem du angemeldet warst (chat NAME@HOST fragt danach)",
	},
	"chat.tooLarge": {"the server has sent too large an object", "der Server hat ein zu großes Objekt gesendet"},

	// What was not sent.
	"chat.heldOffline":   {"no connection: {what} was not sent", "Keine Verbindung: {what} wurde nicht gesendet."},
	"chat.notSent":       {"that was not sent: {why}", "Das wurde nicht gesendet: {why}"},
	"chat.whatNotSent":   {"{why}: {what} was not sent", "{what} wurde nicht gesendet: {why}"},
	"chat.theAnswer":     {"the answer", "Die Antwort"},
	"chat.requestUnsent": {"a request was not sent: {why}", "Eine Anfrage wurde nicht gesendet: {why}"},
	"chat.lineTooLong":   {"that line is too long: it was not sent", "Diese Zeile ist zu lang: Sie wurde nicht gesendet."},
	"chat.lateAnswer":    {"that line was not sent: the question before it has ended with the connection", "Diese Zeile wurde nicht gesendet: Die Frage davor hat sich mit der Verbindung erledigt."},
	"chat.showsTyping":   {"the terminal will show what you type: {why}", "Das Terminal zeigt, was du tippst: {why}"},
	"chat.offline":       {"no connection", "keine Verbindung"},
	"chat.tooLong":       {"it is too long", "es ist zu lang"},
	"chat.queueFull":     {"too much is waiting to be sent", "zu viel wartet auf den Versand"},
	"chat.ended":         {"the session has ended", "die Sitzung ist zu Ende"},

	// How a session has ended.
	"chat.serverEnded":    {"the server has ended the session", "Der Server hat die Sitzung beendet."},
	"chat.endedBy":        {"the server has ended the session: {why}", "Der Server hat die Sitzung beendet: {why}"},
	"chat.unacknowledged": {"not all messages were acknowledged: they may have arrived or not", "Nicht alle Nachrichten wurden bestätigt: Sie kamen vielleicht an, vielleicht nicht."},
	"chat.unanswered":     {"not all requests were answered: they may have been carried out or not", "Nicht alle Anfragen wurden beantwortet: Sie wurden vielleicht ausgeführt, vielleicht nicht."},
	"chat.unknownOutcome": {"the connection was lost: the message may have arrived or not", "Die Verbindung ging verloren: Die Nachricht kam vielleicht an, vielleicht nicht."},
	"chat.sendTime":       {"no acknowledgement within {limit}: the message may have arrived or not", "Keine Bestätigung innerhalb von {limit}: Die Nachricht kam vielleicht an, vielleicht nicht."},
	"chat.interrupted":    {"interrupted", "abgebrochen"},

	// Trust.
	"chat.hadTLS": {
		"{server} has no TLS, but it had before: somebody may be intercepting the connection (--plain-text connects anyway; {file}:{line} is what is known of the server)",
		"{server} hat kein TLS, hatte es aber vorher: Vielleicht fängt jemand die Verbindung ab (--plain-text verbindet trotzdem; {file}:{line} ist, was über den Server bekannt ist)",
	},
	"chat.notEncrypted": {
		"warning: {server} has no TLS: the connection is NOT ENCRYPTED (--tls-only refuses that)",
		"Warnung: {server} hat kein TLS: Die Verbindung ist NICHT VERSCHLÜSSELT (--tls-only lehnt das ab)",
	},
	"chat.noTLSForSecrets": {
		"{server} has no TLS: the password would be sent as plain text (--plain-text sends it)",
		"{server} hat kein TLS: Das Passwort ginge unverschlüsselt hinaus (--plain-text sendet es)",
	},
	"chat.noTLS":       {"the server has no TLS ({why}; --plain-text connects without)", "der Server hat kein TLS ({why}; --plain-text verbindet ohne)"},
	"chat.onlyCA":      {"the certificate of {server} is not accepted: {why} (--ca is the only authority that counts)", "Das Zertifikat von {server} gilt nicht: {why} (nur die Stelle von --ca zählt)"},
	"chat.badCert":     {"the certificate of {server} is not accepted: {why}", "Das Zertifikat von {server} gilt nicht: {why}"},
	"chat.unsavedCert": {"warning: the certificate can't be remembered: {why}", "Warnung: Das Zertifikat kann nicht gemerkt werden: {why}"},
	"chat.changedCert": {
		`THE CERTIFICATE OF {server} HAS CHANGED: somebody may be intercepting the connection
it was sha256 {before}
now it is sha256 {now}
if the server's operator confirms the new fingerprint (chatsrv fingerprint), remove line {line} of {file}`,
		`DAS ZERTIFIKAT VON {server} IST EIN ANDERES: Vielleicht fängt jemand die Verbindung ab
vorher war es sha256 {before}
jetzt ist es sha256 {now}
Wenn die Leute des Servers den neuen Fingerabdruck bestätigen (chatsrv fingerprint), entferne Zeile {line} von {file}`,
	},
	"chat.firstUse": {
		"{server} is trusted from now on by its certificate, which no known authority has signed: sha256 {fingerprint} (compare with chatsrv fingerprint on the server)",
		"{server} wird ab jetzt an seinem Zertifikat erkannt, das keine bekannte Stelle unterschrieben hat: sha256 {fingerprint} (vergleiche mit chatsrv fingerprint auf dem Server)",
	},

	// The first connection.
	"chat.notLetIn":   {"{server} does not let {name} in: {why}", "{server} lässt {name} nicht hinein: {why}"},
	"chat.hintLogin":  {"--login asks for it", "--login fragt danach"},
	"chat.hintName":   {"as in chat NAME@{host}", "wie in chat NAME@{host}"},
	"chat.refuses":    {"{server} refuses the connection: {why}", "{server} lehnt die Verbindung ab: {why}"},
	"chat.noConnect":  {"connect to {server}: {why}", "Keine Verbindung zu {server}: {why}"},
	"chat.noPassword": {"no password was given", "Es wurde kein Passwort eingegeben"},

	// Lines.
	"chat.edited":     {"edited", "bearbeitet"},
	"chat.writesMe":   {"you", "du"},
	"chat.toMe":       {"you", "dir"},
	"chat.sentAt":     {"sent", "gesendet"},
	"q.ask-make-room": {"{room} does not exist. Create it with the key {key}? (yes or no)", "{room} gibt es nicht. Mit dem Schlüssel {key} anlegen? (yes oder no)"},

	// The full-screen mode.
	"tui.unknownOutcomeOf": {"The session has ended: this message may have arrived or not: {text}", "Die Sitzung ist zu Ende: Diese Nachricht ist vielleicht angekommen, vielleicht nicht: {text}"},
	"tui.notSent":          {"{why}\nNot sent: {text}", "{why}\nNicht gesendet: {text}"},
	"tui.gap":              {"[{n} {n|message is|messages are} missing here.|Messages are missing here.]", "[Hier {n|fehlt|fehlen} {n} {n|Nachricht|Nachrichten}.|Hier fehlen Nachrichten.]"},
	"tui.rollback":         {"The server has lost its latest messages in {room}, also some that were shown here.", "Der Server hat seine letzten Nachrichten in {room} verloren, auch solche, die hier standen."},
	"tui.questionEnded":    {"The question has ended with the connection.", "Die Frage hat sich mit der Verbindung erledigt."},
	"tui.quitUnacked":      {"{n} {n|message is|messages are} not sent yet. Leave?", "{n} {n|Nachricht ist|Nachrichten sind} noch nicht gesendet. Gehen?"},
	"tui.unsent":           {"not acknowledged: {text}", "nicht bestätigt: {text}"},
	"tui.quitYes":          {"Leave", "Gehen"},
	"tui.noConnection":     {"No connection.", "Keine Verbindung."},
	"tui.enterRetries":     {"Enter tries now.", "Enter versucht es jetzt."},
	"tui.waitingCount":     {"{n} {n|message waits|messages wait}.", "{n} {n|Nachricht wartet|Nachrichten warten}."},
	"tui.key.history":      {"Earlier and later lines that you typed", "Frühere und spätere Eingaben"},
	"tui.key.scroll":       {"Scroll", "Blättern"},
	"tui.key.lists":        {"Hide or show the lists", "Listen verbergen oder zeigen"},
	"tui.key.helpTerminal": {"This list", "Diese Liste"},
	"tui.key.redraw":       {"Draw the screen again", "Bildschirm neu zeichnen"},
	"tui.key.suspend":      {"Stop the program; fg continues it", "Programm anhalten; fg setzt es fort"},
	"tui.noRoom":           {"You are in no room. Ctrl-K enters one.", "Du bist in keinem Raum. Strg-K betritt einen."},
	"tui.notInside":        {"You are not in this room. /join enters it, /leave closes it.", "Du bist nicht in diesem Raum. /join betritt ihn, /leave schließt ihn."},
	"tui.key.commands":     {"Commands of the server", "Befehle des Servers"},
}
