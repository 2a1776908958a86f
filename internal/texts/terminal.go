package texts

// words are a text in both languages.
type words struct{ en, de string }

// terminal has the texts that only a terminal needs. The page has none of these keys.
var terminal = map[string]words{
	"tui.unknownOutcomeOf": {"The session has ended: this message may have arrived or not: {text}", "Die Sitzung ist zu Ende: Diese Nachricht ist vielleicht angekommen, vielleicht nicht: {text}"},
	"tui.notSent":          {"{why} Not sent: {text}", "{why} Nicht gesendet: {text}"},
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
	"tui.key.commands":     {"Commands of the server", "Befehle des Servers"},
}
