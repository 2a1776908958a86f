package json

import (
	"errors"
	"strings"

	gojson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/safetext"
)

// Limits of a request.
const (
	// MaxObject is the longest request in bytes, without the end of its line.
	MaxObject = 16 << 10
	// MaxDepth is how deep objects and arrays may be nested in it.
	MaxDepth = 8
	// MaxLines is how many lines the text of a message may have.
	MaxLines = 64
)

// A Request is what a client asks for: Type says what, and each type uses some of the
// other fields.
type Request struct {
	Type string `json:"type"`
	// CID is the client's identifier of the request; what answers it has the same.
	CID      string `json:"cid"`
	V        int    `json:"v"`
	Client   string `json:"client"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Room     string `json:"room"`
	Key      string `json:"key"`
	To       string `json:"to"`
	Text     string `json:"text"`
	Kind     string `json:"kind"`
	ID       uint64 `json:"id,string"`
	Line     string `json:"line"`
	Prefix   string `json:"prefix"`
	Query    string `json:"query"`
	Value    string `json:"value"`
	Reason   string `json:"reason"`
	Before   uint64 `json:"before,string"`
	After    uint64 `json:"after,string"`
	Around   uint64 `json:"around,string"`
	Limit    int    `json:"limit"`
	Token    string `json:"token"`
	ReplyTo  uint64 `json:"replyTo,string"`
	Epoch    uint64 `json:"epoch"`
	Seq      uint64 `json:"seq"`
	// Rooms is what the client has last seen of its rooms.
	Rooms map[string]Place `json:"rooms"`
	// Private is the number of the last private message; nil: not told.
	Private *uint64 `json:"private"`
}

// A Place is a place in a room's order.
type Place struct {
	Epoch uint64 `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Parse reads a request. The error is a *chat.Refused, and a request with an error still has
// the type and the CID that were read.
func Parse(line []byte) (Request, error) {
	var r Request
	if tooDeep(line) {
		return r, chat.NewRefused("json-too-deep", "most", MaxDepth)
	}
	if err := gojson.Unmarshal(line, &r); err != nil {
		if len(r.CID) > chat.MaxCID {
			r.CID = ""
		}
		return r, explain(err)
	}
	if len(r.CID) > chat.MaxCID {
		r.CID = ""
		return r, chat.NewRefused("cid-too-long", "field", "cid", "most", chat.MaxCID)
	}
	if strings.HasPrefix(string(line), "null") {
		return r, chat.NewRefused("json-no-object")
	}
	if r.Type == "" {
		return r, chat.NewRefused("json-no-type", "field", "type")
	}
	return r, r.clean()
}

// explain says what is wrong with a request.
func explain(err error) error {
	if bad, ok := errors.AsType[*gojson.SemanticError](err); ok {
		field := strings.TrimPrefix(string(bad.JSONPointer), "/")
		if field == "" {
			return chat.NewRefused("json-no-object")
		}
		return chat.NewRefused("json-bad-value", "field", safe(field))
	}
	if bad, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(bad, jsontext.ErrDuplicateName) {
			return chat.NewRefused("json-duplicate", "field", safe(strings.TrimPrefix(string(bad.JSONPointer), "/")))
		}
		return chat.NewRefused("json-syntax", "offset", int(bad.ByteOffset))
	}
	return chat.NewRefused("json-syntax")
}

// safe cleans and shortens what a client has sent, to repeat it.
func safe(text string) string {
	const most = 64
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return string(safetext.Clean(nil, []byte(text)))
}

// tooDeep reports whether objects and arrays are nested deeper than MaxDepth. It counts
// brackets outside of strings, so that nothing has to be parsed.
func tooDeep(line []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// clean cleans the texts of a request: all are one line, but for Text.
func (r *Request) clean() error {
	for _, f := range []struct {
		name string
		text *string
		word bool // without spaces
	}{
		{"name", &r.Name, true},
		{"room", &r.Room, true},
		{"key", &r.Key, true},
		{"to", &r.To, true},
		{"value", &r.Value, false},
		{"client", &r.Client, false},
		{"line", &r.Line, false},
		{"prefix", &r.Prefix, false},
		{"query", &r.Query, false},
		{"reason", &r.Reason, false},
		{"kind", &r.Kind, true},
	} {
		if *f.text == "" {
			continue
		}
		*f.text = string(safetext.Clean(nil, []byte(*f.text)))
		if f.word && strings.ContainsAny(*f.text, " \t") {
			return chat.NewRefused("json-spaces", "field", f.name)
		}
	}
	return r.cleanText()
}

// cleanText cleans Text, which may have several lines.
func (r *Request) cleanText() error {
	text := strings.TrimRight(strings.ReplaceAll(r.Text, "\r\n", "\n"), "\n")
	if strings.Count(text, "\n") >= MaxLines {
		return chat.NewRefused("too-many-lines", "field", "text", "most", MaxLines)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = string(safetext.Clean(nil, []byte(line)))
	}
	r.Text = strings.Join(lines, "\n")
	return nil
}
