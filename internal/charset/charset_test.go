package charset

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

func TestALineIsReadAsTheClientsCharacterSet(t *testing.T) {
	for _, c := range []struct {
		charset  Charset
		in, want string
	}{
		{UTF8, "plain", "plain"},
		{UTF8, "grüße 中", "grüße 中"},
		{UTF8, "gr\xfc\xdfe", "grüße"},
		{UTF8, "\xab caf\xe9\xbb \xa7 5\xa0\xa3", "« café» § 5\u00a0£"},
		{UTF8, "\xe9", "é"},
		{UTF8, "one \xff byte", "one ÿ byte"},
		// In broken UTF-8 all whole characters are kept.
		{UTF8, "grüße \xff bye", "grüße \ufffd bye"},
		{UTF8, "中\x9d文 and more", "中\ufffd文 and more"},
		{UTF8, "cut \xe4\xb8", "cut \ufffd\ufffd"},
		{UTF8, "surrogate \xed\xa0\x80", "surrogate \ufffd\ufffd\ufffd"},
		// A code page without /set charset: nothing is lost but the letters themselves.
		{UTF8, "f\x81r alle \x9d sch\x94n", "f\ufffdr alle \ufffd sch\ufffdn"},
		{Latin1, "gr\xfc\xdfe \x80\x9d!", "grüße \ufffd\ufffd!"},
		{Latin1, "grüße", "grÃ¼Ã\ufffde"},
		{CP437, "gr\x81\xe1e \x9b\x9d \xff", "grüße ¢¥ \u00a0"},
		{CP850, "gr\x81\xe1e \x9d", "grüße Ø"},
		{CP1252, "\x80 \x84gr\xfc\xdfe\x93 \x81", "€ „grüße“ \ufffd"},
		{KOI8R, "\xf0\xd2\xc9\xd7\xc5\xd4 \xff", "Привет Ъ"},
	} {
		in := []byte(c.in)
		got := c.charset.Decode([]byte("old"), in)
		if string(got) != c.want {
			t.Errorf("%v: %q became %q, want %q", c.charset, c.in, got, c.want)
		}
		if string(in) != c.in {
			t.Errorf("%v: the line was changed to %q", c.charset, in)
		}
	}
}

func TestOutputIsInTheClientsCharacterSet(t *testing.T) {
	for _, c := range []struct {
		wire     Encoding
		in, want string
	}{
		{Encoding{}, "grüße ÿ 中", "grüße ÿ 中"},
		{Encoding{Charset: Latin1}, "grüße ÿ 中 €", "gr\xfc\xdfe \xff ? ?"},
		{Encoding{Charset: Latin1, Telnet: true}, "ÿÿ", "\xff\xff\xff\xff"},
		{Encoding{Charset: Latin1}, "c1 \u009b2J", "c1 ?2J"},
		{Encoding{Charset: CP437, Telnet: true}, "grüße\u00a0!", "gr\x81\xe1e\xff\xff!"},
		{Encoding{Charset: CP1252}, "„€“", "\x84\x80\x93"},
		{Encoding{Charset: KOI8R, Telnet: true}, "Привет Ъ ü", "\xf0\xd2\xc9\xd7\xc5\xd4 \xff\xff ?"},
		{Encoding{Charset: KOI8R}, "broken \xc3", "broken ?"},
	} {
		if got := string(c.wire.Encode([]byte(c.in))); got != c.want {
			t.Errorf("%+v: %q became %q, want %q", c.wire, c.in, got, c.want)
		}
	}
}

func TestNamesAreFound(t *testing.T) {
	for _, name := range Names() {
		if c, ok := Parse(name); !ok || c.String() != name {
			t.Errorf("%s is %v, %v", name, c, ok)
		}
	}
	for name, want := range map[string]Charset{"UTF8": UTF8, "ISO-8859-1": Latin1, "Windows-1252": CP1252, "KOI8-R": KOI8R, "IBM437": CP437} {
		if c, ok := Parse(name); !ok || c != want {
			t.Errorf("%s is %v, %v", name, c, ok)
		}
	}
	if _, ok := Parse("ebcdic"); ok {
		t.Error("ebcdic was found")
	}
}

// Every byte of a code page that has a character survives the way in and out.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("gr\xfc\xdfe \xff\x9d"), uint8(1))
	f.Add([]byte("中 \xe4\xb8 \x80"), uint8(0))
	f.Fuzz(func(t *testing.T, in []byte, which uint8) {
		c := Charset(which % uint8(len(table)))
		text := c.Decode(nil, in)
		if !utf8.Valid(text) {
			t.Fatalf("%v: %q became %q, which is not UTF-8", c, in, text)
		}
		if len(text) > 3*len(in) {
			t.Fatalf("%v: %d bytes became %d", c, len(in), len(text))
		}
		before := utf8.RuneCount(in)
		if c != UTF8 {
			before = len(in)
		}
		if n := utf8.RuneCount(text); n != before {
			t.Fatalf("%v: %d characters became %d", c, before, n)
		}
		if c == UTF8 {
			return
		}
		for i, b := range (Encoding{Charset: c}).Encode(bytes.Clone(text)) {
			if b != in[i] && (b != '?' || in[i] < utf8.RuneSelf) {
				t.Fatalf("%v: byte %#x came back as %#x", c, in[i], b)
			}
		}
		if n := len(Encoding{Charset: c, Telnet: true}.Encode(bytes.Clone(text))); n > len(text) {
			t.Fatalf("%v: %d bytes became %d", c, len(text), n)
		}
	})
}
