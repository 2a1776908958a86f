package wordfilter_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/wordfilter"
)

func list(t testing.TB, lines ...string) *wordfilter.List {
	t.Helper()
	l, err := wordfilter.Parse([]byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ExampleList_Check() {
	l, err := wordfilter.Parse([]byte("mask: darn\nallow: darn socks\nrefuse: go to heck\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range []string{"Well, D4RN it!", "I darn socks.", "Go to  heeeeck!"} {
		v := l.Check(line)
		fmt.Println(v.Action, v.Words, v.Text)
	}
	// Output:
	// mask [darn] Well, **** it!
	// none [] I darn socks.
	// refuse [go to heck] ** **  *******!
}

func TestDisguisedWordsAreFound(t *testing.T) {
	l := list(t, "mask: darn", "mask: shiny", "mask: ass", "mask: bad boy", "mask: straße", "mask: сука", "mask: hello")
	for text, want := range map[string]string{
		"darn":                            "****",
		"Darn, DARN and dArN.":            "****, **** and ****.",
		"(darn)":                          "(****)",
		"_darn_ *darn* -darn-":            "_****_ ****** -****-",
		"d4rn":                            "****",
		"d@rn":                            "****",
		"$h1ny 5hiny sh!ny":               "***** ***** *****",
		"@ss a$$ a5s @$$":                 "*** *** *** ***",
		"he1lo hel1o h3ll0 HE11O":         "***** ***** ***** *****",
		"darn!":                           "****!",
		"@darn":                           "@****",
		"darn$":                           "****$",
		"darn@example.org":                "****@example.org",
		"daaarn":                          "******",
		"ddddaaaarrrrnnnn":                "****************",
		"assss":                           "*****",
		"hellllo":                         "*******",
		"dаrn":                            "****", // Cyrillic
		"ԁаrո":                            "****",
		"ｄａｒｎ":                            "****", // fullwidth
		"𝐝𝐚𝐫𝐧 ⓓⓐⓡⓝ":                       "**** ****",
		"d\u200ba\u200drn":                "****",
		"d\u00ada\ufeffrn":                "****",
		"d\u0336a\u0336r\u0336n\u0336":    "****",
		"d\u0336\u0335\u0334arn":          "****",
		"\u202edarn\u202c":                "\u202e****\u202c",
		"d a r n":                         "* * * *",
		"oh d.a.r.n it":                   "oh *.*.*.* it",
		"d-a-r-n, D A R N!":               "*-*-*-*, * * * *!",
		"d . a . r . n":                   "* . * . * . *",
		"d 4 r n":                         "* * * *",
		"d · a · r · n":                   "* · * · * · *",
		"bad boy Bad  Boy b4d-boy":        "*** *** ***  *** ***-***",
		"baaad boy":                       "***** ***",
		"bad\u200b boy":                   "*** ***",
		"STRASSE strasse Straße":          "******* ******* ******",
		"СУКА cука":                       "**** ****",
		"darn\x00darn":                    "****\x00****",
		"a\xffdarn\xff":                   "a\xff****\xff",
		"\xffｄ４ｒｎ":                        "\xff****",
		"é\xffé ｄａｒｎ":                     "é\xffé ****",
		"darn\u0301":                      "darn\u0301", // another letter
		"darn's":                          "****'s",
		"darn日本darn":                      "****日本****",
		"\tdarn 🙂darn🙂":                   "\t**** 🙂****🙂",
		strings.Repeat("darn ", 1000):     strings.Repeat("**** ", 1000),
		"a" + strings.Repeat("s", 5000):   strings.Repeat("*", 5001),
		"d" + strings.Repeat("a", 5000):   "d" + strings.Repeat("a", 5000),
		strings.Repeat("x d a r n, ", 99): strings.Repeat("x d a r n, ", 99), // a longer row
	} {
		if got := l.Check(text); got.Text != want {
			t.Errorf("%.60q: got %.60q %q, want %.60q", text, got.Text, got.Words, want)
		}
	}
}

// innocent are words and lines with an unwanted word in them, or nearly.
var innocent = strings.Fields(`
	Scunthorpe Penistone Clitheroe Lightwater Essex Sussex Middlesex Wessex Arsenal Cockburn
	classic class classes assassin assassinate assess assessment assume assign assistant association
	bass brass grass glass mass pass passage compass embassy ambassador massage message
	cockpit cocktail peacock cockatoo Hancock Hitchcock woodcock shuttlecock cockroach
	Dickens Dickinson dictionary Moby predicament
	title titan titanic constitution substitute institute competition appetite
	therapist rapeseed grapes drape scrape skyscraper trapeze
	analysis analog canal banal analyst
	cucumber document circumstance accumulate
	shitake mishit shih-tzu
	hello shell shellac Michelle
	sextant sexton sextet bisexual unisex
	pussycat pussywillow
	scrap scrappy crapaud darning Darnell heckle
	button buttress rebuttal butter
	niggardly snigger
	homosapiens homogeneous
	semen-free basement horsemen
	tittle tattle
	cumulus cumin
	saltwater cornhole-board
	hoe shoe phoenix
	God good gooood-bye
	A55 4S5 455 1455 5ex3 B455
	l1ke 1st 2nd 4ever gr8 w00t`)

var rude = []string{
	"cunt", "penis", "clit", "twat", "sex", "arse", "cock", "ass", "dick", "tit", "rape", "anal", "cum", "shit", "hell",
	"pussy", "crap", "darn", "heck", "butt", "nigg", "homo", "semen", "salt", "corn", "ho", "god dang", "like a", "tits", "dictio", "goo",
}

func TestAWordIsNeverFoundInsideOfAnother(t *testing.T) {
	var lines []string
	for _, word := range rude {
		lines = append(lines, "strike: "+word)
	}
	l := list(t, lines...)
	if len(innocent) < 30 {
		t.Fatal("too few words")
	}
	for _, word := range innocent {
		// A hyphen divides two words.
		if before, after, ok := strings.Cut(word, "-"); ok {
			word = before + after
		}
		for _, text := range []string{word, strings.ToUpper(word), "the " + word + ", and", word + "s"} {
			if got := l.Check(text); got.Action != wordfilter.None || got.Text != text || got.Words != nil {
				t.Errorf("%q: %+v", text, got)
			}
		}
	}
	for _, text := range []string{
		"he'll be here, she'll too", "as so often", "a sass", "t it", "it is a s-class", "so I'd c r", "vitamins A, C, D",
		"I am a b c d r", "grade A s s s t", "scan a line, c r a p s", "section 4 5 5", "@Scunthorpe, cl@ss and p@ss!", "Essex@home.org",
		"see https://example.org/classic?assassin=1", "h.e.l.l.o", "bass, brass & co.", "1ike 5 tit4tat", "cr ap", "sh it",
	} {
		if got := l.Check(text); got.Action != wordfilter.None || got.Text != text {
			t.Errorf("%q: %+v", text, got)
		}
	}
	// The list does find its own words.
	for _, word := range rude {
		if got := l.Check("so " + word + "!"); got.Action != wordfilter.Strike || !slices.Equal(got.Words, []string{word}) {
			t.Errorf("%q: %+v", word, got)
		}
	}
}

func TestDoubleLettersMakeAnotherWord(t *testing.T) {
	l := list(t, "mask: god", "mask: loose", "mask: ass", "mask: hil", "mask: bookkeeper")
	for text, found := range map[string]bool{
		"good": false, "god": true, "goood": true, "ggod": false, "gggod": true,
		"lose": false, "loose": true, "looose": true, "looosee": false,
		"as": false, "ass": true, "asss": true, "aass": false, "aaass": true,
		"hill": false, "hil": true, "hi1": true, "h1l": true, "hilll": true, "hlil": false, "hli": false, "hiiilll": true, "hiiill": false, "hii": false, "hi111": true, "gOOod": true, "gooo0d": false,
		"bookkeeper": true, "bokkeeper": false, "boookkeeper": true, "boookeeper": false,
	} {
		if got := l.Check(text); (got.Action == wordfilter.Mask) != found {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestWordsOfScriptsWithoutSpacesAreFoundAnywhere(t *testing.T) {
	l := list(t, "mask: 馬鹿", "mask: バカ", "mask: โง่", "mask: 바보", "mask: 傻")
	for text, want := range map[string]string{
		"この馬鹿が":      "この**が",
		"ﾊﾞｶだ":       "**だ",
		"馬 鹿":        "* *",
		"มันโง่มาก":  "มัน**มาก",
		"바보! 바보야":    "**! 바보야",
		"你傻吗":        "你*吗",
		"馬の鹿":        "馬の鹿",
		"バ\u200bカ":   "**",
		"ハ\u3099カです": "**です",
	} {
		if got := l.Check(text); got.Text != want {
			t.Errorf("%q: got %q, want %q", text, got.Text, want)
		}
	}
}

func TestAccentsMakeAnotherLetter(t *testing.T) {
	l := list(t, "mask: ano", "mask: schwül", "mask: हिन्दी")
	for text, found := range map[string]bool{
		"ano": true, "año": false, "an\u0303o": false, "schwül": true, "schwu\u0308l": true, "SCHWÜL": true, "schwul": false,
		"हिन्दी": true, "हिन्दू": false, "हन्द": false,
	} {
		if got := l.Check(text); (got.Action != wordfilter.None) != found {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestDigitsOfAListAreDigits(t *testing.T) {
	l := list(t, "mask: 1488", "mask: l33t", "mask: 4chan")
	for text, found := range map[string]bool{
		"1488": true, "l488": false, "14888": false, "l33t": true, "leet": false, "4chan": true, "achan": false, "4ch4n": true, "l3 3t": false,
	} {
		if got := l.Check(text); (got.Action != wordfilter.None) != found {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestTheStrongestActionCounts(t *testing.T) {
	l := list(t, "flag: one", "mask: two", "refuse: three", "strike: four", "mask: two three", "flag: five two")
	for text, want := range map[string]wordfilter.Verdict{
		"":                    {},
		"zero":                {Text: "zero"},
		"ONE":                 {Action: wordfilter.Flag, Words: []string{"one"}, Text: "ONE"},
		"one two":             {Action: wordfilter.Flag, Words: []string{"one", "two"}, Text: "one ***"},
		"two one two":         {Action: wordfilter.Flag, Words: []string{"two", "one"}, Text: "*** one ***"},
		"three one":           {Action: wordfilter.Refuse, Words: []string{"three", "one"}, Text: "***** one"},
		"one three four":      {Action: wordfilter.Strike, Words: []string{"one", "three", "four"}, Text: "one ***** ****"},
		"two three":           {Action: wordfilter.Refuse, Words: []string{"two three", "two", "three"}, Text: "*** *****"},
		"five two":            {Action: wordfilter.Flag, Words: []string{"five two", "two"}, Text: "five ***"},
		"five - two , three.": {Action: wordfilter.Refuse, Words: []string{"five two", "two three", "two", "three"}, Text: "five - *** , *****."},
	} {
		if diff := cmp.Diff(want, l.Check(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if s := fmt.Sprint(wordfilter.None, wordfilter.Mask, wordfilter.Flag, wordfilter.Refuse, wordfilter.Strike); s != "none mask flag refuse strike" {
		t.Errorf("the actions are called %s", s)
	}
}

func TestExceptionsExcuseTheWordsInThem(t *testing.T) {
	l := list(t, "mask: heck", "mask: darn", "allow: heck cattle", "allow: the heck of", "allow: d4rn", "flag: cattle drive")
	for text, want := range map[string]string{
		"heck cattle":             "heck cattle",
		"Heck  Cattle!":           "Heck  Cattle!",
		"heck, heck cattle, heck": "****, heck cattle, ****",
		"h3ck cattle":             "**** cattle", // it matches itself only
		"heeeck cattle":           "****** cattle",
		"the heck of heck cattle": "the heck of heck cattle",
		"the heck off":            "the **** off",
		"d4rn darn d@rn":          "d4rn **** ****",
		"cattle":                  "cattle",
	} {
		if got := l.Check(text); got.Text != want {
			t.Errorf("%q: got %q, want %q", text, got.Text, want)
		}
	}
	if got := l.Check("a heck cattle drive"); got.Action != wordfilter.Flag || !slices.Equal(got.Words, []string{"cattle drive"}) {
		t.Errorf("what sticks out of an exception: %+v", got)
	}
}

func TestAListWithoutWordsAllowsEverything(t *testing.T) {
	var none *wordfilter.List
	for _, l := range []*wordfilter.List{none, {}, list(t, "# nothing"), list(t, "allow: darn")} {
		if got := l.Check("darn"); got.Action != wordfilter.None || got.Text != "darn" || got.Words != nil {
			t.Errorf("%+v", got)
		}
	}
	if none.Len() != 0 {
		t.Error("no list has words")
	}
}

func TestTheExampleListIsFine(t *testing.T) {
	file, err := os.ReadFile("../../docs/words.example.txt")
	if err != nil {
		t.Fatal(err)
	}
	l := list(t, string(file))
	for text, want := range map[string]wordfilter.Action{
		"darn": wordfilter.Mask, "I darn socks": wordfilter.None, "heck cattle": wordfilter.None, "Shut up!": wordfilter.Flag,
		"Join my server": wordfilter.Refuse, "FREE C0INS": wordfilter.Strike, "Heckle": wordfilter.None,
	} {
		if got := l.Check(text); got.Action != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestMistakesInAListAreReportedWithARemedy(t *testing.T) {
	file := strings.Join([]string{
		"\ufeff# a comment",
		"darn",
		"musk: darn",
		"mask:",
		"mask: a",
		"mask: !!!",
		"",
		"mask: darn",
		"refuse:  DARN ",
		"mask: \xff",
		"mask: " + strings.Repeat("x", 65),
		"mask: " + strings.Repeat("xy ", 9),
		"MASK : fine \r",
	}, "\n")
	l, err := wordfilter.Parse([]byte(file))
	if l != nil || err == nil {
		t.Fatal(l, err)
	}
	want := strings.Join([]string{
		`line 2: "darn" has no action; write "mask: darn" (or flag, refuse, strike, allow)`,
		`line 3: "musk" is no action; write mask, flag, refuse, strike or allow`,
		`line 4: there is no word after "mask:"; write one, or delete the line`,
		`line 5: "a" is a single letter, which is in every other line; write a longer word`,
		`line 6: "!!!" has neither letter nor digit, and nothing else is looked for; delete the line`,
		`line 9: "DARN" is on line 8 already; delete one of them`,
		`line 10: "mask: \xff" is not UTF-8; save the file as UTF-8`,
		`line 11: "` + strings.Repeat("x", 40) + `" has more than 64 letters; write its first words only`,
		`line 12: "xy xy xy xy xy xy xy xy xy" has more than 8 words; write the first of them only`,
	}, "\n")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAListIsBounded(t *testing.T) {
	if _, err := wordfilter.Parse([]byte(strings.Repeat("#\n", wordfilter.MaxLines))); err != nil {
		t.Error(err)
	}
	for name, file := range map[string]string{
		"lines": strings.Repeat("#\n", wordfilter.MaxLines+1),
		"bytes": strings.Repeat("#", wordfilter.MaxBytes+1),
	} {
		if _, err := wordfilter.Parse([]byte(file)); err == nil || !strings.Contains(err.Error(), "split off") {
			t.Errorf("too many %s: %v", name, err)
		}
	}
	long := list(t, "mask: "+strings.Repeat("ab", 32), "mask: a b c d e f g h", "mask: "+strings.Repeat("馬", 64))
	for _, text := range []string{strings.Repeat("ab", 32), "a b c d e f g h", strings.Repeat("馬", 64)} {
		if got := long.Check(text); got.Action != wordfilter.Mask {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestAVerdictNamesABoundedNumberOfWords(t *testing.T) {
	var lines []string
	var text strings.Builder
	for i := range 100 {
		word := fmt.Sprintf("bad%c%c", 'a'+i/10, 'm'+i%10)
		lines = append(lines, "mask: "+word)
		text.WriteString(word + " ")
	}
	got := list(t, lines...).Check(text.String())
	if len(got.Words) != wordfilter.MaxFound || strings.Contains(got.Text, "bad") {
		t.Errorf("%d words, %q", len(got.Words), got.Text)
	}
}

func TestALineWithoutUnwantedWordsAllocatesNothing(t *testing.T) {
	l := list(t, "mask: darn", "mask: heck", "refuse: shut up")
	for _, text := range []string{
		"Hello everybody, how are you?", "Grüße aus Köln, voilà!", "Привет, как дела?", "こんにちは世界", "a b c d e f", "mail me@example.org!", "ｆｕｌｌ ｗｉｄｔｈ 🙂",
	} {
		if n := testing.AllocsPerRun(100, func() { l.Check(text) }); n != 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

func TestAListCanBeUsedConcurrently(t *testing.T) {
	l := list(t, "mask: darn", "mask: heck")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if got := l.Check("Grüß Gott, dárn and d4rn"); got.Text != "Grüß Gott, dárn and ****" {
					t.Errorf("%+v", got)
				}
			}
		})
	}
	wg.Wait()
}

// words returns a list of n words that look like words.
func words(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	seen := map[string]bool{}
	for len(seen) < n {
		var w []byte
		for range 2 + random.IntN(3) {
			w = append(w, "bcdfghklmnprstvwz"[random.IntN(17)], "aeiou"[random.IntN(5)])
		}
		w = append(w, 'x')
		if !seen[string(w)] {
			seen[string(w)] = true
			fmt.Fprintf(&b, "mask: %s\n", w)
		}
	}
	return b.String()
}

func BenchmarkCheck(b *testing.B) {
	l := list(b, words(5000))
	for name, text := range map[string]string{
		"ascii":    "The quick brown fox jumps over the lazy dog, doesn't it? Well! ",
		"cyrillic": "Съешь ещё этих мягких французских булок. ",
		"japanese": "いろはにほへと散りぬるを我が世誰ぞ",
		"spelled":  "a b c d e f g h i j k l m n o p q r s t u v w x y z, and then: ",
		"worst":    "bababa bababa bababa badabada bebebe bobobo ",
	} {
		for _, size := range []int{64, 4096} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				text := strings.ToValidUTF8(strings.Repeat(text, 1+size/len(text))[:size], "")
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					l.Check(text)
				}
			})
		}
	}
	b.Run("found/64", func(b *testing.B) {
		l := list(b, "mask: darn")
		b.ReportAllocs()
		for b.Loop() {
			l.Check("The quick brown fox jumps over the darn dog, doesn't it? Well!!!")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	file := []byte(words(5000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wordfilter.Parse(file); err != nil {
			b.Fatal(err)
		}
	}
}
