package chatclient

import (
	"encoding/json"

	"github.com/sudoXpg/netloop/internal/client"
)

// A question is one that the next line answers.
type question struct {
	Code   string         `json:"code"`
	Text   string         `json:"text"`
	Args   map[string]any `json:"args"`
	Hidden bool           `json:"hidden"` // the answer is a secret
}

func questionOf(r client.Raw) (q question) {
	_ = json.Unmarshal(r.JSON, &q) // internal/client has checked that it is JSON
	return q
}
