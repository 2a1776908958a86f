package texts

// words are a text in both languages.
type words struct{ en, de string }

// terminal has the texts that only a terminal needs. The page has none of these keys.
var terminal = map[string]words{}
