package names_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/names"
)

func parse(t testing.TB, s string) names.Name {
	t.Helper()
	n, err := names.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return n
}

// lookAlike reports whether a and b are two names that look alike.
func lookAlike(a, b names.Name) bool { return a.Key != b.Key && a.Skeleton == b.Skeleton }

func ExampleParse() {
	paypal, _ := names.Parse("PayPal")
	for _, s := range []string{"paypal", "paypaI", "p\u0430ypal", "pay pal"} {
		n, err := names.Parse(s)
		switch {
		case err != nil:
			fmt.Println(err)
		case n.Key == paypal.Key:
			fmt.Println(n.Display, "is", paypal.Display)
		case n.Skeleton == paypal.Skeleton:
			fmt.Println(n.Display, "looks like", paypal.Display)
		}
	}
	// Output:
	// paypal is PayPal
	// paypaI looks like PayPal
	// names: name-of-several-scripts
	// names: name-malformed
}

func TestANameHasThreeForms(t *testing.T) {
	for _, test := range []struct{ typed, display, key, skeleton string }{
		{"Bob", "Bob", "bob", "bob"},
		{"A_b-c.9", "A_b-c.9", "a_b-c.9", "a_b-c.9"},
		{"Tim01", "Tim01", "tim01", "tlrnol"},
		{"Mu\u0308ller", "M\u00fcller", "m\u00fcller", "rnu\u0308ller"},
		{"\u212aelvin", "Kelvin", "kelvin", "kelvln"},                       // KELVIN SIGN
		{"\uff22ob", "\uff22ob", "bob", "bob"},                              // a fullwidth B
		{"Стас", "Стас", "стас", "ctac"},                                    // Cyrillic throughout
		{"\uff76\uff9e\uff9d", "\uff76\uff9e\uff9d", "ガン", "力\u3099\u30f3"}, // halfwidth
	} {
		want := names.Name{Display: test.display, Key: test.key, Skeleton: test.skeleton}
		if got := parse(t, test.typed); got != want {
			t.Errorf("Parse(%q) = %+q, want %+q", test.typed, got, want)
		}
	}
}

// Names of people, places and rooms in their native scripts.
func TestNamesOfEveryScriptAreFine(t *testing.T) {
	for _, name := range []string{
		"x", "Zoë", "François", "Þórunn", "Nguyễn", "Žižek", "İbrahim", "ısmail", "Ægir", "Öğüt", "m\u0308ax",
		"Νικολέττα", "Δημήτρης", "Өлзий", "Йосиф", "Ђорђе", "Գոհար", "გიორგი", "ႠႡ",
		"שרה", "שָׂרָה", "محمد", "فاطِمَة", "نیلوفر", "ܝܘܚܢܢ", "ދިވެހި", "ߒߞߏ", "𞤀𞤁𞤂𞤃",
		"हिन्दी", "श्रीकृष्ण", "বাংলা", "ਗੁਰਪ੍ਰੀਤ", "ગુજરાતી", "ଓଡ଼ିଆ", "தமிழ்", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "සිංහල",
		"สมชาย", "ภูมิ", "กิ๊ฟ", "ລາວ", "မြန်မာ", "ကျွန်ုပ်", "ខ្មែរ", "བོད", "ᠮᠣᠩᠭᠣᠯ", "አማርኛ", "ᏣᎳᎩ", "ᐃᓄᒃ", "ⵜⴰⵎⴰⵣⵉⵖⵜ",
		"山田太郎", "ひらがな", "カタカナ", "スーパー", "山田タロウ", "김철수", "金철수", "ㄅㄆㄇ漢", "田中さん", "々木", "ꆈꌠ", "ꦧꦱꦗꦮ",
		"user2026", "2fast", "2Ünal", "Юля_", "3оя", "Юля_2", "王9", "محمد9", "_", "-", "..", "a.b-c_d",
		strings.Repeat("ß", 29), strings.Repeat("e\u0301", 29), strings.Repeat("𞤀", 29),
	} {
		n, err := names.Parse(name)
		if err != nil {
			t.Errorf("Parse(%q): %v", name, err)
			continue
		}
		if n.Display != norm.NFC.String(name) {
			t.Errorf("%q is shown as %q", name, n.Display)
		}
		if _, err := names.ParseRoom("#" + name); err != nil {
			t.Errorf("ParseRoom(%q): %v", "#"+name, err)
		}
	}
}

func TestANameIsRefusedWithItsReason(t *testing.T) {
	for name, want := range map[string]error{
		"":                                 names.ErrEmpty,
		"a b":                              names.ErrMalformed,
		" bob":                             names.ErrMalformed,
		"a/b":                              names.ErrMalformed,
		"#bob":                             names.ErrMalformed,
		"a\x00b":                           names.ErrMalformed,
		"a\xffb":                           names.ErrMalformed,
		"é\xff":                            names.ErrMalformed,
		"👩":                                names.ErrMalformed,
		"bob™":                             names.ErrMalformed,
		"\u3164":                           names.ErrMalformed, // HANGUL FILLER
		"\uffa0":                           names.ErrMalformed, // its halfwidth twin
		"bo\u200bb":                        names.ErrMalformed, // ZERO WIDTH SPACE
		"bo\u200db":                        names.ErrMalformed, // ZERO WIDTH JOINER
		"क्\u200dष":                        names.ErrMalformed, // also where RFC 8264 has it
		"\u202ebob":                        names.ErrMalformed, // RIGHT-TO-LEFT OVERRIDE
		"bo\u00adb":                        names.ErrMalformed, // SOFT HYPHEN
		"bo\ufe0fb":                        names.ErrMalformed, // VARIATION SELECTOR-16
		"bo\U000e0101b":                    names.ErrMalformed, // VARIATION SELECTOR-18
		"bo\u034fb":                        names.ErrMalformed, // COMBINING GRAPHEME JOINER
		"ᠮ\u180bᠣ":                         names.ErrMalformed, // MONGOLIAN FREE VARIATION SELECTOR
		"\ufb01n":                          names.ErrMalformed, // a ligature
		"𝐛𝐨𝐛":                              names.ErrMalformed, // mathematical
		"ⓑⓞⓑ":                              names.ErrMalformed,
		"ª":                                names.ErrMalformed,
		"bo\u20ddb":                        names.ErrMalformed, // an enclosing mark
		"\u0301bob":                        names.ErrMalformed, // a mark first
		"\uff9eカ":                          names.ErrMalformed, // a mark first, once its width is folded
		"bo\u0336\u0336b":                  names.ErrMalformed, // a mark twice
		"e\u0301\u0301":                    names.ErrMalformed, // the same, the first of them composed
		"z\u0316\u0317\u0318\u0319\u031ab": names.ErrMalformed, // a heap of marks
		"٣":                                names.ErrMalformed, // a digit, not of ASCII
		"אab":                              names.ErrMalformed, // both directions
		"5שרה":                             names.ErrMalformed,
		"שרה_":                             names.ErrMalformed,
		"p\u0430ypal":                      names.ErrMixedScript, // CYRILLIC SMALL LETTER A
		"g\u03bfd":                         names.ErrMixedScript, // GREEK SMALL LETTER OMICRON
		"Αdam":                             names.ErrMixedScript, // GREEK CAPITAL LETTER ALPHA
		"Сola":                             names.ErrMixedScript,
		"Ꮤendy":                            names.ErrMixedScript, // Cherokee
		"ԁаvid":                            names.ErrMixedScript,
		"αβв":                              names.ErrMixedScript,
		"aひ":                               names.ErrMixedScript,
		"ひ김":                               names.ErrMixedScript,
		"ㄅひ":                               names.ErrMixedScript,
		"漢ひㄅ":                              names.ErrMixedScript,
		"aー":                               names.ErrMixedScript, // used with Kana, though of no script
		"bob\u093f":                        names.ErrMixedScript, // a vowel sign of Devanagari
		"bob\u3099":                        names.ErrMixedScript,
		strings.Repeat("x", 30):            names.ErrTooLong,
		strings.Repeat("ß", 30):            names.ErrTooLong,
		strings.Repeat("x", 4000):          names.ErrTooLong,
		strings.Repeat("é", 4000):          names.ErrTooLong,
		strings.Repeat("İ", 15):            names.ErrTooLong, // two characters each, in its key
	} {
		if got, err := names.Parse(name); !errors.Is(err, want) || got != (names.Name{}) {
			t.Errorf("Parse(%+q) = %+q, %v; want %v", name, got, err, want)
		}
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		if got, err := names.ParseRoom("#" + name); !errors.Is(err, want) || got != (names.Name{}) {
			t.Errorf("ParseRoom(%+q) = %+q, %v; want %v", "#"+name, got, err, want)
		}
	}
}

func TestEachReasonHasItsCode(t *testing.T) {
	for name, want := range map[string]string{
		"":                      "name-needed",
		"a b":                   "name-malformed",
		"p\u0430ypal":           "name-of-several-scripts",
		strings.Repeat("x", 30): "name-too-long",
		"\u0301bob":             "name-begins-with-accent",
		"bo\u0336\u0336b":       "name-with-many-accents",
		"5שרה":                  "name-of-both-directions",
	} {
		_, err := names.Parse(name)
		if got := err.Error(); got != "names: "+want {
			t.Errorf("%+q: error %q, want %s", name, got, want)
		}
	}
}

func TestSpellingsOfANameAreOneName(t *testing.T) {
	for _, spellings := range [][]string{
		{"bob", "BOB", "bOb", "\uff22\uff2f\uff22"},
		{"müller", "MÜLLER", "mu\u0308ller", "MU\u0308LLER"},
		{"kelvin", "\u212aelvin"},
		{"νικος", "ΝΙΚΟΣ"}, // a sigma at the end, and its capital
		{"Νίκος", "ΝΊΚΟΣ"},
		{"ångström", "\u212bngström"},
		{"ガギ", "カ\u3099キ\u3099", "\uff76\uff9e\uff77\uff9e"},
		{"оля", "ОЛЯ", "Оля"},
		{"ᏣᎳᎩ", "ꮳꮃꭹ"},
	} {
		first := parse(t, spellings[0])
		for _, s := range spellings[1:] {
			n := parse(t, s)
			if n.Key != first.Key || n.Skeleton != first.Skeleton {
				t.Errorf("%+q is another name than %+q", n, first)
			}
			if lookAlike(n, first) {
				t.Errorf("%q is said to look like itself, %q", n.Display, first.Display)
			}
		}
	}
}

func TestLookAlikesAreConfusable(t *testing.T) {
	for _, pair := range [][2]string{
		{"paypal", "paypaI"},
		{"paypal", "paypa1"},
		{"PAYPAL", "PayPaI"},
		{"modern", "modem"},
		{"bob", "b0b"},
		{"BOB", "B0B"},
		{"lan", "Ian"},
		{"w1n", "wln"},
		{"paypal", "\uff50aypa\uff29"}, // fullwidth, with a capital I
		{"paypal", "p\u0251ypal"},      // LATIN SMALL LETTER ALPHA
		{"google", "\u0261oogle"},      // LATIN SMALL LETTER SCRIPT G
		{"Neil", "Nell"},               // which is what NeIl looks like
		{"ægir", "aegir"},
		{"ø", "o\u0338"},     // a stroke, one piece and two
		{"coco", "сосо"},     // Cyrillic
		{"Oto", "Ото"},       // Cyrillic
		{"scope", "ѕсоре"},   // Cyrillic
		{"jess", "јеѕѕ"},     // Cyrillic
		{"AHTOH", "АНТОН"},   // Cyrillic, capitals only
		{"ATOM", "АТОМ"},     // Cyrillic, capitals only
		{"KAKTYC", "КАКТУС"}, // Cyrillic, capitals only
		{"Зоя", "3оя"},       // a digit three
		{"oo", "οο"},         // Greek omicron
		{"TATA", "ΤΑΤΑ"},     // Greek, capitals only
		{"KIKI", "ΚΙΚΙ"},     // Greek, capitals only
		{"カ", "力"},           // Katakana KA, Han "power"
		{"二", "ニ"},           // Han "two", Katakana NI
		{"ー", "一"},           // a long vowel, Han "one"
	} {
		a, b := parse(t, pair[0]), parse(t, pair[1])
		if !lookAlike(a, b) || !lookAlike(b, a) || lookAlike(a, a) {
			t.Errorf("%q and %q don't look alike: %+q, %+q", a.Display, b.Display, a.Skeleton, b.Skeleton)
		}
	}
}

func TestOtherNamesAreNotConfusable(t *testing.T) {
	all := []string{
		"alice", "bob", "carol", "dave", "eve", "mallory", "Max", "Jan", "Jana", "Anna", "Hanna",
		"vick", "nick", "Оля", "Юля", "Ольга", "Νίκος", "Μαρία", "Maria", "José", "Jose", "山田", "山本", "محمد", "محمود", "हिन्दी", "हिन्दू",
	}
	for i, a := range all {
		for _, b := range all[:i] {
			if lookAlike(parse(t, a), parse(t, b)) {
				t.Errorf("%q is said to look like %q", a, b)
			}
		}
	}
}

func TestARoomsNameBeginsWithAHash(t *testing.T) {
	n, err := names.ParseRoom("#Lobby")
	if want := (names.Name{Display: "#Lobby", Key: "#lobby", Skeleton: "#lobby"}); n != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", n, err, want)
	}
	for _, room := range []string{"#2026", "#9to5", "#0", "#" + strings.Repeat("x", 29), "#東京"} {
		if _, err := names.ParseRoom(room); err != nil {
			t.Errorf("%q: %v", room, err)
		}
	}
	for room, want := range map[string]error{
		"":                            names.ErrEmpty,
		"#":                           names.ErrEmpty,
		"lobby":                       names.ErrMalformed,
		"##a":                         names.ErrMalformed,
		"#a b":                        names.ErrMalformed,
		"#" + strings.Repeat("x", 30): names.ErrTooLong,
	} {
		if _, err := names.ParseRoom(room); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", room, err, want)
		}
	}
	_, err = names.ParseRoom("lobby")
	if err == nil || err.Error() != "names: room-name-without-hash" {
		t.Errorf("%v", err)
	}
}

func TestNumbersAndAddressesAreTold(t *testing.T) {
	for text, want := range map[string]bool{
		"175": true, "10.0.0.1": true, "0": true, "1-2": true, "...": true, "007": true,
		"a1": false, "10.0.0.x": false, "fe80": false, "ж7": false, "R2-D2": false,
	} {
		n, err := names.Parse(text)
		if got := names.Number(n); err != nil || got != want {
			t.Errorf("%q: %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"::1", "fe80::1", "10.0.0.0/8", "\uff11\uff17\uff15/"} {
		if n, err := names.Parse(text); err == nil {
			t.Errorf("%q is the name %v", text, n)
		}
	}
}

func TestNamesOfTheServerAreReserved(t *testing.T) {
	for _, name := range []string{
		"server", "Server", "admin", "ADMIN", "adm1n", "adrnin", "administrator", "root", "r00t", "system", "moderator", "rnoderator",
		"operator", "0perator", "staff", "chatsrv", "help", "heIp", "everyone", "all", "AlI", "a11", "guest", "you",
		"_admin_", "admin.", "ѕуѕор", "ｒｏｏｔ",
	} {
		if !names.Reserved(parse(t, name)) {
			t.Errorf("%q is free", name)
		}
	}
	for _, name := range []string{"bob", "Ali", "ali", "ALI", "Allie", "Rooty", "admiral", "stefan", "Guesthouse", "_", "..", "Μαρία"} {
		if names.Reserved(parse(t, name)) {
			t.Errorf("%q is reserved", name)
		}
	}
	room, err := names.ParseRoom("#help")
	if err != nil || names.Reserved(room) {
		t.Errorf("the room #help is reserved (%v)", err)
	}
}

func TestPrototypesAreThoseOfUnicode(t *testing.T) {
	for r, want := range map[rune]string{
		'а': "a", 'ο': "o", '0': "O", '1': "l", 'I': "l", 'm': "rn", '|': "l", 'æ': "ae", 'ø': "o\u0338",
		'a': "", 'l': "", 'O': "", '山': "", -1: "", unicode.MaxRune: "", utf8.RuneError: "",
	} {
		if got := names.Prototype(r); got != want {
			t.Errorf("Prototype(%q) = %q, want %q", r, got, want)
		}
	}
	for r, want := range map[rune]string{
		'а': "a", 'н': "h", 'т': "t", 'м': "m", 'в': "b", 'ν': "v", 'Ν': "n", 'τ': "t", 'з': "3", 'і': "i", 'я': "", '山': "",
	} {
		if got, ok := names.Latin(r); got != want || ok != (want != "") {
			t.Errorf("Latin(%q) = %q, %v; want %q", r, got, ok, want)
		}
	}
}

// letters draws names of letters that are likely to cause trouble.
func letters() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9_.-]{1,29}`),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Latin, unicode.Mn), 1, 29, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Greek, unicode.Cyrillic), 1, 29, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Han, unicode.Hiragana, unicode.Katakana), 1, 29, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Letter), 1, 3, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Devanagari), 1, 9, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Hebrew, unicode.Arabic), 1, 9, -1),
	)
}

func TestParsingWhatParseReturnsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, err := names.Parse(letters().Draw(t, "name"))
		if err != nil {
			return
		}
		checkName(t, n)
	})
	// Each letter by itself, and in both cases.
	for r := range rune(0x20000) {
		for _, s := range []string{string(r), strings.ToUpper(string(r)), strings.ToLower(string(r))} {
			if n, err := names.Parse(s); err == nil {
				checkName(t, n)
			}
		}
	}
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkName checks the promises of Parse for a name.
func checkName(t failer, n names.Name) {
	t.Helper()
	for _, s := range []string{n.Display, n.Key} {
		again, err := names.Parse(s)
		if want := (names.Name{Display: s, Key: n.Key, Skeleton: n.Skeleton}); err != nil || again != want {
			t.Fatalf("Parse(%+q) = %+q, %v; want %+q", s, again, err, want)
		}
		if c := utf8.RuneCountInString(s); c < 1 || c > names.Max {
			t.Fatalf("%+q has %d characters", s, c)
		}
		for _, r := range s {
			if unicode.In(r, unicode.Cf, unicode.Cc, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
				t.Fatalf("%+q has %U in it", s, r)
			}
		}
	}
	if n.Skeleton == "" || !utf8.ValidString(n.Skeleton) || !norm.NFD.IsNormalString(n.Skeleton) {
		t.Fatalf("%+q has the skeleton %+q", n.Display, n.Skeleton)
	}
}

func TestNamesOfASCIIAreThoseOfTheProfile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[A-Za-z0-9_.-]{1,29}`).Draw(t, "name")
		n, err := names.Parse(s)
		key, keyErr := precis.UsernameCaseMapped.String(s)
		if err != nil || keyErr != nil || n.Key != key || n.Display != s {
			t.Fatalf("Parse(%q) = %+v, %v; want the key %q, %v", s, n, err, key, keyErr)
		}
		// In full width it takes the slow path.
		if wide, err := names.Parse("\uff41" + s[1:]); len(n.Key) == len(s) && s[0] == 'a' && (err != nil || wide.Skeleton != n.Skeleton || wide.Key != n.Key) {
			t.Fatalf("%+v, %v; want the key and skeleton of %+v", wide, err, n)
		}
	})
}

// Concurrent calls must not share state: precis uses transformers.
func TestNamesAreParsedByManyAtOnce(t *testing.T) {
	want := parse(t, "ÅNGSTRÖM")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if n, err := names.Parse("ÅNGSTRÖM"); n != want || err != nil {
					t.Errorf("got %+q, %v; want %+q", n, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "bob", "#bob", "p\u0430ypal", "\u202ebob", "é\xff", "ガ", "\uff76\uff9e", "İ", "שרה", "हिन्दी", "\u0301", "ß\u0345"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := names.Parse(s)
		room, roomErr := names.ParseRoom("#" + s)
		if (err == nil) != (roomErr == nil) {
			t.Fatalf("Parse: %v, ParseRoom: %v", err, roomErr)
		}
		if err != nil {
			if e, ok := errors.AsType[*names.Error](err); !ok || e.Code == "" {
				t.Fatalf("no reason: %v", err)
			}
			return
		}
		if want := (names.Name{Display: "#" + n.Display, Key: "#" + n.Key, Skeleton: "#" + n.Skeleton}); room != want {
			t.Fatalf("the room %+q, want %+q", room, want)
		}
		checkName(t, n)
		names.Reserved(n)
	})
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"alice", "Administrator_01", "Müller", "Владимир", "山田太郎", "हिन्दी", "محمد"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := names.Parse(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
