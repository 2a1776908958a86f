package safetext

import (
	"strings"
	"testing"
)

func TestRunsOfCombiningMarksAreCapped(t *testing.T) {
	const acute = "\u0301"
	for in, want := range map[string]string{
		"e" + strings.Repeat(acute, 3) + "x":                                    "e" + strings.Repeat(acute, 3) + "x",
		"e" + strings.Repeat(acute, 100) + "x":                                  "e" + strings.Repeat(acute, MaxMarks) + "x",
		"a" + strings.Repeat(acute, 9) + "b" + strings.Repeat(acute, 9):         "a" + strings.Repeat(acute, 4) + "b" + strings.Repeat(acute, 4),
		strings.Repeat(acute, 9):                                                strings.Repeat(acute, 4),
		"e" + strings.Repeat(acute+"\u200d", 9):                                 "e" + strings.Repeat(acute+"\u200d", 4) + strings.Repeat("\u200d", 5),
		"e" + strings.Repeat(acute+"\u202e", 9):                                 "e" + strings.Repeat(acute, 4),
		"e" + strings.Repeat(acute+"\u00ad", 5):                                 "e" + strings.Repeat(acute+"\u00ad", 4) + "\u00ad",
		"\U0001f469\U0001f3fd\u200d\U0001f680 1\ufe0f\u20e3 \u0e17\u0e35\u0e48": "\U0001f469\U0001f3fd\u200d\U0001f680 1\ufe0f\u20e3 \u0e17\u0e35\u0e48",
	} {
		if got := string(Append(nil, in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
