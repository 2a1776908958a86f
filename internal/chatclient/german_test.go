package chatclient_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/codec/json"
	"github.com/sudoXpg/netloop/internal/texts"
)

func TestASessionInGerman(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	ada := w.runs(&chatclient.Plain{Client: w.client("ada"), Language: texts.Choose("de_DE.UTF-8")})
	ada.sees("*** du bist in #lobby als ada, mit 1 weiteren; /help zeigt die Befehle\n")
	bob.sees("*** ada joined\n")
	bob.types("hello\n/me waves\n/msg ada psst\n")
	ada.sees("bob: hello\n* bob waves\n[bob -> dir] psst\n")
	ada.types("/msg bob psst\n")
	ada.sees("[du -> bob] psst\n")
	ada.types("/nosuch\n")
	ada.sees("*** Es gibt keinen Befehl /nosuch: /help zeigt alle.")
	ada.types("/kick bob\n")
	ada.sees("*** /kick dürfen nur Raumleitung und Moderation.\n")
	ada.types("/rooms\n/help kick\n/set zone\n")
	ada.sees("*** #lobby           2 Personen\n")
	ada.sees("*** So geht es: /kick NAME [REASON]: Jemanden aus dem Raum werfen.\n")
	ada.types("/join #tea\n")
	ada.sees("*** du bist in #tea als ada, mit niemandem sonst; /help zeigt die Befehle\n")
	ada.types("/leave\n")
	ada.sees("*** Du hast #tea verlassen und sprichst jetzt in #lobby.\n")
	bob.types("/quit tea\n")
	ada.sees("*** bob ist gegangen (tea)\n")
	ada.types("/register\n")
	ada.sees("*** Neues Passwort für ada\n")
	ada.types("secret words\n")
	ada.sees("*** Wiederholen\n")
	ada.types("other words\n")
	ada.sees("*** Die Passwörter sind verschieden.")
	ada.sees("*** Neues Passwort für ada\n")
	ada.types("\n")
	ada.sees("*** Abgebrochen: Nichts wurde geändert.\n")
	w.stop()
	ada.sees("*** Die Verbindung ist weg (")
	ada.types("/rooms\n")
	ada.sees("*** Keine Verbindung: /rooms wurde nicht gesendet.\n")
	w.start()
	ada.sees("*** Wieder verbunden")
	ada.types("/quit Tee\n")
	ada.sees("*** auf Wiedersehen\n")
	if err := ada.ends(); err != nil {
		t.Error(err)
	}
}

func TestLinesInGerman(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 0, 0, time.UTC)
	now := func() time.Time { return at.AddDate(0, 0, 1) }
	args := func(pairs ...any) map[string]any {
		m := make(map[string]any)
		for ; len(pairs) > 1; pairs = pairs[2:] {
			m[pairs[0].(string)] = pairs[1]
		}
		return m
	}
	answer := func(kind string, a chat.Answer) client.Raw {
		return client.Raw{Type: kind, JSON: json.Format{}.Answer(nil, a)}
	}
	lasts := map[string]any{"code": "lasts", "text": "until tea", "args": args("for", 3600.0, "until", at.Format(time.RFC3339))}
	said := client.Message{ID: 7, From: "bob", Text: "hello", Time: at, Edited: at}
	for what, c := range map[string]struct {
		e    client.Event
		want string
	}{
		"a stored message":   {client.Message{Private: true, Mailed: true, From: "bob", Text: "psst", Time: at}, "[bob -> dir, gesendet 2030-01-02 03:04] psst\n"},
		"an edit":            {client.RoomEvent{Room: "#lobby", What: "edit", Name: "bob", Text: "hi"}, "* bob: hi (bearbeitet)\n"},
		"a name":             {client.RoomEvent{Room: "#lobby", What: "nick", Name: "bob", NewName: "rob"}, "*** bob heißt jetzt rob\n"},
		"a deletion":         {client.RoomEvent{Room: "#lobby", What: "redact", Code: "redacted", Text: "bob deleted message #7", Args: args("by", "bob", "id", "7")}, "*** bob hat Nachricht #7 gelöscht\n"},
		"an announcement":    {client.RoomEvent{Room: "#lobby", What: "announcement", Code: "announcement", Text: "tea", Args: args("text", "tea")}, "*** tea\n"},
		"a leave":            {client.RoomEvent{Room: "#lobby", What: "leave", Name: "bob", Code: "kicked", Text: "kicked by ann", Args: args("by", "ann")}, "*** bob ist gegangen (hinausgeworfen von ann)\n"},
		"a ban with its end": {client.Notice{Code: "ban", Text: "bob is banned", Args: args("name", "bob", "lasts", lasts)}, "*** bob ist gesperrt, für 1 Stunde, bis 02.01.2030, 03:04\n"},
		"a refusal":          {client.Failure{Code: "too-fast", Text: "too fast", Args: args("wait", 2.5)}, "*** Du sendest zu schnell; warte 3 Sekunden.\n"},
		"an unknown code":    {client.Failure{Code: "of-a-later-version", Text: "not in this language"}, "*** not in this language\n"},
		"a held message":     {client.Held{CID: "1", Code: "waits-for-review", Text: "your message is waiting"}, "*** Deine Nachricht wartet auf die Moderation.\n"},
		"missed events":      {client.Gap{Room: "#lobby", Missed: 3}, "*** du hast 3 Zeilen verpasst\n"},
		"a gap":              {client.Gap{Room: "#lobby"}, "*** Nachrichten in #lobby fehlen hier.\n"},
		"a rollback":         {client.Rollback{Room: "#lobby"}, "*** Der Server hat seine letzten Nachrichten in #lobby verloren, auch solche, die hier stehen.\n"},
		"an unknown outcome": {client.Lost{Text: "a\nb"}, "*** Die Sitzung ist zu Ende. Diese Nachricht kam vielleicht an, vielleicht nicht: a b\n"},
		"the end":            {client.Bye{Code: "server-shutdown", Text: "server shutdown"}, "*** Der Server wurde beendet\n"},
		"a lost connection":  {client.Disconnected{Err: io.EOF, Retry: time.Second}, "*** Die Verbindung ist weg (der Server hat die Verbindung beendet); nächster Versuch in 1s.\n"},
		"earlier messages":   {client.Joined{Room: "#tea", Name: "ada", History: []client.Message{said}}, "*** --- die letzte Zeile ---\n*** --- Mittwoch, 2. Januar 2030 ---\nbob: hello (bearbeitet)\n*** --- Ende der letzten Zeilen ---\n*** du bist in #tea als ada, mit niemandem sonst; /help zeigt die Befehle\n"},
		"a page of history":  {client.History{Room: "#tea", Events: []client.Message{said}, Older: true}, "*** --- 1 Zeile von #tea ---\n[2030-01-02 03:04 #7] bob: hello (bearbeitet)\n*** --- /more zeigt ältere Nachrichten ---\n"},
		"a person":           {answer("whois", chat.Person{Name: "bob", Registered: true, Role: chat.Moderator, Here: 1, Idle: 90 * time.Second, Away: true, Why: "Tee"}), "*** bob: Moderation, 1 Verbindung, 1 Minute 30 Sekunden still, abwesend: Tee\n"},
		"one who is gone":    {answer("whois", chat.Person{Name: "bob", Registered: true, Role: chat.User, Seen: 48 * time.Hour}), "*** bob: registriert, nicht da; das letzte Mal ist 2 Tage her\n"},
		"settings":           {answer("settings", chat.OwnSettings{List: []chat.SettingEntry{{Name: "bell", Value: true, Values: chat.NewNote("set-bell")}}}), "*** bell       an         on oder off: Ton bei privaten Nachrichten und bei deinem Namen (nur im Terminal)\n"},
		"commands":           {answer("commands", chat.Commands{List: []chat.Usage{{Name: "kick", Help: "Remove a user from the room."}, {Name: "brew", Help: "Brew tea."}}}), "*** /kick        Jemanden aus dem Raum werfen.\n*** /brew        Brew tea.\n"},
		"a ban in the list": {
			answer("sanctions", chat.Sanctions{List: []chat.Sanction{{Kind: chat.Mute, Target: "bob", By: "ann", Since: at, Until: at.Add(time.Hour)}}}),
			"*** Stummschaltung von bob durch ann für 1 Stunde, bis 02.01.2030, 04:04\n",
		},
	} {
		l := &chatclient.Lines{Zone: time.UTC, Now: now, Language: texts.Choose("de").In(time.UTC)}
		l.Append(nil, client.Joined{Room: "#lobby", Name: "ada"})
		if got := string(l.Append(nil, c.e)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// A server's arguments become no line of their own, and control no terminal.
func TestArgumentsOfAHostileServer(t *testing.T) {
	for _, e := range []client.Event{
		client.Notice{Code: "your-role", Args: map[string]any{"role": nasty}},
		client.Notice{Code: "renamed", Args: map[string]any{"name": nasty}},
		client.Failure{Code: "mute", Args: map[string]any{"name": []any{nasty}, "lasts": map[string]any{"text": nasty}}},
		client.Failure{Code: nasty},
		client.RoomEvent{Room: "#lobby", What: "leave", Name: nasty, Code: "kicked", Text: "x", Args: map[string]any{"by": nasty}},
		client.Bye{Code: "dropped", Args: map[string]any{"by": nasty}},
		client.Disconnected{Err: client.Bye{Code: "dropped", Args: map[string]any{"by": nasty}}},
	} {
		l := &chatclient.Lines{Language: texts.Choose("de")}
		out := string(l.Append(nil, e))
		if out == "" || strings.ContainsAny(strings.TrimSuffix(out, "\n"), "\x1b\x07\r\n\u202e\u2028\x00\u009b\x7f") {
			t.Errorf("%T: %q", e, out)
		}
	}
}

func TestReasonsInGerman(t *testing.T) {
	de := texts.Choose("de")
	for _, err := range []error{
		nil, io.EOF, client.ErrSilent, client.ErrTooLarge, chatclient.ErrEnded, chatclient.ErrUnacknowledged, chatclient.ErrUnanswered, chatclient.ErrUnknownOutcome,
		client.Bye{Code: "server-full", Text: "the server is full"},
		client.Failure{Code: "no-guests", Text: "no guests"},
	} {
		if got := chatclient.ReasonIn(de, err); got == "" || got == chatclient.Reason(err) {
			t.Errorf("%v: %q", err, got)
		}
	}
	if got := chatclient.ReasonIn(de, errors.New("words of the system")); got != "words of the system" {
		t.Error(got)
	}
	if got := chatclient.Reason(chatclient.ErrUnacknowledged); got != chatclient.ErrUnacknowledged.Error() {
		t.Error(got)
	}
}
