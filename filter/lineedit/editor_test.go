package lineedit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"
)

// typed gives input to an editor and returns its events.
func typed(e *Editor, in string) (events []string) {
	for ev, p := e.Next([]byte(in)); ev.Kind != None; ev, p = e.Next(p) {
		switch ev.Kind {
		case Line:
			events = append(events, fmt.Sprintf("Line %q", ev.Text))
		default:
			events = append(events, [...]string{TooLong: "TooLong", Interrupt: "Interrupt", EOF: "EOF", Complete: "Complete"}[ev.Kind])
		}
	}
	return events
}

func TestKeysEditTheLine(t *testing.T) {
	long := strings.Repeat("x", DefaultMaxLine)
	for _, test := range []struct {
		name, in string
		want     []string
	}{
		{"typing", "héllo\r", []string{`Line "héllo"`}},
		{"line endings", "a\r\nb\nc\r\x00d\r\r", []string{`Line "a"`, `Line "b"`, `Line "c"`, `Line "d"`, `Line ""`}},
		{"insert in the middle", "hllo\x1b[D\x1b[D\x1b[De\r", []string{`Line "hello"`}},
		{"home and end", "ello\x01h\x05!\r", []string{`Line "hello!"`}},
		{"home and end as sent by several terminals", "b\x1b[Ha\x1b[Fc\x1bOHx\x1bOFy\x1b[1~0\x1b[4~9\r", []string{`Line "0xabcy9"`}},
		{"^B and ^F", "ac\x02b\x06d\r", []string{`Line "abcd"`}},
		{"backspace and delete", "abcd\x7f\x08\x01\x1b[3~\x04\r", []string{`Line ""`}},
		{"erasing a whole character", "a\U0001f469\u200d\U0001f680\x7fe\u0301\x7fb\r", []string{`Line "ab"`}},
		{"the left key passes a whole character", "\U0001f469\u200d\U0001f680\x1b[Da\r", []string{fmt.Sprintf("Line %q", "a\U0001f469\u200d\U0001f680")}},
		{"^U, ^K and ^W", "one two three\x17\x17\x02\x02\x15\r", []string{`Line "e "`}},
		{"^K", "one two\x1b[1;5D\x0b\r", []string{`Line "one "`}},
		{"words", "one two\x1bb\x1bbX\x1bfY\r", []string{`Line "XoneY two"`}},
		{"history", "one\rtwo\r\x1b[A\x1b[A!\r\x10\r\x1b[A\x1b[B\r", []string{`Line "one"`, `Line "two"`, `Line "one!"`, `Line "one!"`, `Line ""`}},
		{"history keeps what was typed", "one\rdra\x1b[A\x1b[Bft\r", []string{`Line "one"`, `Line "draft"`}},
		{"^D on an empty line only", "a\x04\x7f\x04", []string{"EOF"}},
		{"^C", "abc\x03d\r", []string{"Interrupt", `Line "d"`}},
		{"^C in a sequence", "abc\x1b[1\x03d\r", []string{"Interrupt", `Line "d"`}},
		{"too long", long + "y\x7f\x01\r\nz\r", []string{"TooLong", `Line "z"`}},
		{"as long as is allowed", long + "\r", []string{`Line "` + long + `"`}},
		{"unknown keys do nothing", "a\x1b[15~\x1bOP\x1b[1;2Q\x1bx\x1c\x00b\r", []string{`Line "ab"`}},
		{"a broken sequence", "a\x1b[1\xc3\xa9\x1b\x01b\r", []string{`Line "baé"`}},
		{"a sequence without an end", "a\x1b[" + strings.Repeat("1", 1000) + "\r", []string{`Line "a` + strings.Repeat("1", 1000-maxSequence) + `"`}},
		{"Alt with a bracket loses nothing", "a\x1b]hello\x1bP world\r", []string{`Line "ahello world"`}},
		{"a paste is text", "\x1b[200~a\x01\x15b\tc\x1b[201~\x01x\r", []string{"Line \"xab\\tc\""}},
		{"a paste of two lines", "\x1b[200~a\r\nb\x15c\n\x1b[201~\x15\r", []string{`Line "a"`, `Line "bc"`, `Line ""`}},
		{"what is not UTF-8 is kept", "a\xe9b\x9d\xe4\xb8\r", []string{`Line "a\xe9b\x9d\xe4\xb8"`}},
		{"what may not be shown is left out", "a\u202e\u009b\ufeffb\u2028c\r", []string{`Line "ab c"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var whole, bytewise Editor
			if got := typed(&whole, test.in); !slices.Equal(got, test.want) {
				t.Errorf("whole: got %q, want %q", got, test.want)
			}
			var got []string
			for i := range len(test.in) {
				got = append(got, typed(&bytewise, test.in[i:i+1])...)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("byte by byte: got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAPasswordIsNeitherShownNorRemembered(t *testing.T) {
	e := Editor{Prompt: []byte("Password: ")}
	typed(&e, "before\r")
	e.Hidden = true
	typed(&e, "\x1b[Asecret")
	if got := string(e.Draw(nil)); got != "Password: " {
		t.Errorf("drawn: %q", got)
	}
	for ev, p := e.Next([]byte("\r")); ev.Kind != None; ev, p = e.Next(p) {
		if string(ev.Text) != "secret" || string(ev.Echo) != "Password: " {
			t.Errorf("line %q, echo %q", ev.Text, ev.Echo)
		}
	}
	if left := e.text[:cap(e.text)]; bytes.Contains(left, []byte("secret")) {
		t.Error("the password is still in memory")
	}
	e.Hidden = false
	if got := typed(&e, "\x1b[A\r"); !slices.Equal(got, []string{`Line "before"`}) {
		t.Errorf("history gives %q", got)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	var e Editor
	for i := range 3 * MaxHistory {
		typed(&e, fmt.Sprintf("line %d\r", i))
	}
	if len(e.history) != MaxHistory {
		t.Errorf("%d lines", len(e.history))
	}
	for i := range MaxHistory {
		typed(&e, fmt.Sprintf("%s%d\r", strings.Repeat("x", 4000), i))
	}
	if e.remembered > maxRemembered || len(e.history) != maxRemembered/4000 {
		t.Errorf("%d lines, %d bytes", len(e.history), e.remembered)
	}
}

func TestTypingAtTheEndSendsOnlyTheTypedText(t *testing.T) {
	var e Editor
	typed(&e, "hell")
	if got := string(e.Draw(nil)); got != "hell" {
		t.Errorf("%q", got)
	}
	typed(&e, "o\u4e2d")
	if got := string(e.Draw(nil)); got != "o\u4e2d" {
		t.Errorf("%q", got)
	}
	if got := string(e.Draw(nil)); got != "" {
		t.Errorf("nothing has changed: %q", got)
	}
}

// Keys and text that the property is tried with.
var pieces = []string{
	"a", "b", " ", "word ", "é", "e\u0301", "\u0301", "\u4e2d", "日本語", "\U0001f600", "\U0001f469", "\u200d", "\U0001f680", "\U0001f1e9\U0001f1ea",
	"\u0e17\u0e35\u0e48", "\ufe0f", "\t", "\u00ad", "한", "\u1112\u1161\u11ab", "x\u0300\u0301\u0302\u0303\u0304\u0305",
	"\x01", "\x05", "\x02", "\x06", "\x7f", "\x04", "\x0b", "\x15", "\x17", "\x0e", "\x10", "\x1b[D", "\x1b[C", "\x1b[D\x1b[D\x1b[D",
	"\x1b[1;5D", "\x1b[1;5C", "\x1b[3~", "\x0c", "\r", "\x03",
}

// After any input the screen shows prompt and line, the cursor is in its place,
// and other output is not touched.
func TestTheScreenShowsWhatIsTyped(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cols, height := rapid.IntRange(4, 30).Draw(r, "cols"), rapid.IntRange(2, 8).Draw(r, "height")
		m := newTerminal(r, cols, height, rapid.Bool().Draw(r, "together"))
		e := &Editor{Prompt: []byte(rapid.SampledFrom([]string{"", "> ", "Enter username : ", "név: "}).Draw(r, "prompt")), Cols: cols, Rows: height}
		var said []string
		say := func(line string) {
			said = append(said, line)
			m.write([]byte(line + "\r\n"))
		}
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "what") {
			case 0: // somebody else speaks
				m.write(e.Undraw(nil))
				say(fmt.Sprint(len(said)))
			case 1: // a long line comes at once
				feed(e, strings.Repeat("lo ng", rapid.IntRange(1, 30).Draw(r, "times")))
			default:
				feed(e, rapid.SampledFrom(pieces).Draw(r, "piece"))
			}
			m.write(e.Draw(nil))
			check(r, m, e, said)
		}
	})
}

// feed gives input to e and ignores the events.
func feed(e *Editor, in string) {
	for ev, p := e.Next([]byte(in)); ev.Kind != None; ev, p = e.Next(p) {
		_ = ev
	}
}

func check(r *rapid.T, m *terminal, e *Editor, said []string) {
	r.Helper()
	first := m.row - e.screen.row
	all, before := m.shown(first)
	whole, cursor := e.visible(bytes.Clone(e.Prompt))
	rows := bytes.Join(e.screen.rows, nil)
	if len(e.screen.rows) < m.height-1 && !bytes.Equal(rows, whole) {
		r.Fatalf("drawn is %q, typed is %q", rows, whole)
	}
	if all != string(rows) || !bytes.Contains(whole, rows) {
		r.Fatalf("the screen shows %q, drawn is %q of %q", all, rows, whole)
	}
	if !slices.ContainsFunc(places(e, whole, cursor), func(n int) bool { return bytes.HasSuffix(whole[:n], []byte(before)) }) {
		r.Fatalf("the cursor is behind %q, want it behind %q", before, whole[:cursor])
	}
	for i, line := range said {
		if got := m.line(i, m.cols); got != line {
			r.Fatalf("line %d that was said is now %q", i, got)
		}
	}
	if first != len(said) {
		r.Fatalf("the line begins in row %d, after %d lines", first, len(said))
	}
}

// places returns the places on the screen where the cursor behind whole[:cursor]
// may appear: inside a character, at its beginning, and after marks that follow
// it.
func places(e *Editor, whole []byte, cursor int) []int {
	all := []int{cursor}
	for n := cursor; n < len(whole); {
		r, size := utf8.DecodeRune(whole[n:])
		if displaywidth.Rune(r) > 0 {
			break
		}
		n += size
		all = append(all, n)
	}
	for at := len(e.Prompt); at < cursor; {
		n, w := e.character(whole[at:])
		if at+n > cursor {
			all = append(all, at)
			for i := range string(whole[at : at+n]) { // too wide for a row, and in several
				if w > e.Cols-1 {
					all = append(all, at+i)
				}
			}
		}
		at += n
	}
	return all
}

// A single-byte terminal shows each byte as it is.
func TestSingleBytesAreOneColumnEach(t *testing.T) {
	m := newTerminal(t, 10, 5, false)
	m.bytes = true
	e := &Editor{Cols: 10, Rows: 5, First: 0x80}
	feed(e, "gr\x81\xe1e \x9b\x9d\xff and more\x1b[D")
	m.write(e.Draw(nil))
	all, before := m.shown(0)
	if all != "gr\x81\xe1e \x9b\x9d\xff and more" || before != "gr\x81\xe1e \x9b\x9d\xff and mor" {
		t.Errorf("the screen shows %q, the cursor is behind %q", all, before)
	}
	latin := &Editor{First: 0xa0}
	feed(latin, "a\x9b\xe9")
	if got := string(latin.Draw(nil)); got != "a?\xe9" {
		t.Errorf("%q", got)
	}
}

// TAB asks for a completion only where there is a word, and neither in a paste nor in a password.
func TestTABAsksForACompletion(t *testing.T) {
	for _, test := range []struct {
		name, in   string
		hidden     bool
		want       []string
		word, line string
		first      bool
	}{
		{"a word", "al\t", false, []string{"Complete"}, "al", "al", true},
		{"the word before the cursor", "/msg al bob\x1bb\x02\t", false, []string{"Complete"}, "al", "/msg al bob", false},
		{"TAB again", "al\t\t\tx\x7f\t", false, []string{"Complete", "Complete"}, "al", "al", true},
		{"no word", "a \t", false, nil, "", "a \t", false},
		{"an empty line", "\t", false, nil, "", "\t", false},
		{"a paste", "\x1b[200~al\tb", false, nil, "b", "al\tb", false},
		{"a password", "al\t", true, nil, "", "al\t", false},
		{"a character that is not complete", "a\xc3\t", false, []string{"Complete"}, "a\xc3", "a\xc3", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := &Editor{Completes: true, Hidden: test.hidden}
			if got := typed(e, test.in); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
			if word, first := e.Word(); string(word) != test.word || first != test.first || string(e.Text()) != test.line {
				t.Errorf("the word %q (%v) of %q, want %q (%v) of %q", word, first, e.Text(), test.word, test.first, test.line)
			}
		})
	}
}

func TestAWordIsReplaced(t *testing.T) {
	e := &Editor{MaxLine: 12}
	typed(e, "hi al there\x1bb\x02")
	e.Replace([]byte("ali"))
	if got := string(e.Text()); got != "hi ali there" {
		t.Errorf("%q", got)
	}
	e.Replace([]byte("alice"))
	if got := string(e.Text()); got != "hi ali there" {
		t.Errorf("%q is too long", got)
	}
	e.Replace([]byte("\nb\xe9"))
	if got := typed(e, "\r"); !slices.Equal(got, []string{`Line "hi b\xe9 there"`}) {
		t.Errorf("%q", got)
	}
}

// FuzzEditor gives any input in any pieces: the events are the same, the memory
// is bounded, and the terminal understands the output.
func FuzzEditor(f *testing.F) {
	for _, p := range pieces {
		f.Add([]byte("abc"+p+"\x1b["+p+"\xe4"+p+"\r"+p), uint8(3), uint8(0))
	}
	f.Add([]byte("gr\x81\xe1e\x1b[200~\xff\x1b[201~"), uint8(1), uint8(0x80))
	f.Fuzz(func(t *testing.T, in []byte, cut, first uint8) {
		const limit = 60
		a, b := &Editor{MaxLine: limit, First: first, Completes: true}, &Editor{MaxLine: limit, First: first, Completes: true}
		m := newTerminal(t, 200, 24, false)
		m.bytes = first != 0
		want := typed(a, string(in))
		var got []string
		for part := range slices.Chunk(in, 1+int(cut)) {
			got = append(got, typed(b, string(part))...)
			m.write(b.Draw(nil))
			if len(b.text) > limit || b.pos > len(b.text) || b.keys.n > maxSequence+1 {
				t.Fatalf("%d bytes are held, the cursor is at %d", len(b.text), b.pos)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("cut: %q, whole: %q", got, want)
		}
		m.write(b.Undraw(nil))
		if all, _ := m.shown(0); all != "" {
			t.Fatalf("%q is left on the screen", all)
		}
	})
}

// A terminal that truncates its rows when its window is made narrower, as xterm does,
// keeps nothing of a line of several rows, and all other output.
func TestALineIsDrawnAgainInANarrowerWindow(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		wide := rapid.IntRange(5, 60).Draw(r, "columns")
		narrow := rapid.IntRange(4, wide).Draw(r, "columns later")
		e := &Editor{Prompt: []byte("> "), Cols: wide, Rows: 50}
		m := newTerminal(r, wide, 50, true)
		m.write([]byte("bob\r\n"))
		for _, c := range []byte(strings.Repeat("word ", rapid.IntRange(0, 20).Draw(r, "words"))) {
			e.take(c)
		}
		for range rapid.IntRange(0, 50).Draw(r, "steps to the left") {
			_, _ = e.Next([]byte("\x1b[D"))
		}
		m.write(e.Draw(nil))
		for i := range m.rows {
			m.rows[i] = m.rows[i][:narrow]
		}
		m.cols, m.col, e.Cols = narrow, min(m.col, narrow-1), narrow
		if rapid.Bool().Draw(r, "others talk") {
			m.write(append(e.Undraw(nil), "ann\r\n"...))
		}
		m.write(e.Draw(nil))
		first := 1
		if strings.TrimSpace(m.line(1, 3)) == "ann" {
			first = 2
		}
		all, before := m.shown(first)
		if want := "> " + string(e.Text()); all != want || before != "> "+string(e.Text()[:e.pos]) || m.line(0, 3) != "bob" {
			r.Fatalf("it shows %q, the cursor behind %q, want %q", all, before, want)
		}
	})
}
