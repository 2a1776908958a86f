package ws

import (
	"strconv"
	"strings"

	"github.com/sudoXpg/netloop/filter/http1"
)

// A param is a parameter of an extension, such as client_max_window_bits=10.
type param struct {
	name, value string
	hasValue    bool
}

// negotiate returns the answer to offers of extensions: permessage-deflate with the parameters
// of the first offer of it that can be accepted, or "". ok is false if the offers are
// malformed (RFC 6455, section 9.1).
func negotiate(values []string) (answer string, ok bool) {
	for _, value := range values {
		for offer := range strings.SplitSeq(value, ",") {
			if trim(offer) == "" { // a list may have empty elements (RFC 9110, section 5.6.1)
				continue
			}
			name, params, ok := parseExtension(offer)
			if !ok {
				return "", false
			}
			if answer == "" && name == "permessage-deflate" {
				answer = acceptDeflate(params)
			}
		}
	}
	return answer, true
}

// parseExtension parses an offer. A value in quotes must be a token as well, so neither a
// comma nor a semicolon can be in one.
func parseExtension(offer string) (name string, params []param, ok bool) {
	parts := strings.Split(offer, ";")
	name = trim(parts[0])
	if !http1.IsToken(name) {
		return "", nil, false
	}
	for _, part := range parts[1:] {
		p := param{}
		p.name, p.value, p.hasValue = strings.Cut(part, "=")
		p.name, p.value = trim(p.name), trim(p.value)
		if v := p.value; len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
			p.value = v[1 : len(v)-1]
		}
		if !http1.IsToken(p.name) || p.hasValue && !http1.IsToken(p.value) {
			return "", nil, false
		}
		params = append(params, p)
	}
	return name, params, true
}

// acceptDeflate returns the answer to an offer of permessage-deflate, or "" to decline it (RFC
// 7692, section 7.1). Neither side ever refers to earlier messages. compress/flate has a window
// of 15 bits, so a client that can't inflate with that is declined.
func acceptDeflate(params []param) string {
	answer := "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	seen := make(map[string]bool, len(params))
	for _, p := range params {
		if seen[p.name] {
			return ""
		}
		seen[p.name] = true
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if p.hasValue {
				return ""
			}
		case "client_max_window_bits": // a smaller window than ours is fine
			if p.hasValue && !validBits(p.value) {
				return ""
			}
		case "server_max_window_bits":
			if p.value != "15" {
				return ""
			}
			answer += "; server_max_window_bits=15"
		default:
			return ""
		}
	}
	return answer
}

// validBits reports whether a value is a number from 8 to 15 without leading zeros.
func validBits(value string) bool {
	n, err := strconv.Atoi(value)
	return err == nil && n >= 8 && n <= 15 && value[0] != '0' && value[0] != '+'
}
