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

// A deflate is the answer to an offer of permessage-deflate; the zero value declines it.
type deflate struct {
	answer string
	// narrow is set if the client can't inflate what compress/flate makes: nothing is
	// compressed for it (RFC 7692, section 6, leaves that to the sender).
	narrow bool
}

// negotiate returns the answer to offers of extensions: permessage-deflate with the parameters
// of the first offer that is not narrow, or else of the first that can be accepted. ok is false
// if the offers are malformed (RFC 6455, section 9.1).
func negotiate(values []string) (best deflate, ok bool) {
	for _, value := range values {
		for offer := range strings.SplitSeq(value, ",") {
			if trim(offer) == "" { // a list may have empty elements (RFC 9110, section 5.6.1)
				continue
			}
			name, params, ok := parseExtension(offer)
			if !ok {
				return deflate{}, false
			}
			if name != "permessage-deflate" || best.answer != "" && !best.narrow {
				continue
			}
			if d := acceptDeflate(params); d.answer != "" && (best.answer == "" || !d.narrow) {
				best = d
			}
		}
	}
	return best, true
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

// acceptDeflate returns the answer to an offer of permessage-deflate (RFC 7692, section 7.1).
// Neither side ever refers to earlier messages. compress/flate has a window of 15 bits.
func acceptDeflate(params []param) (d deflate) {
	answer := "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	seen := make(map[string]bool, len(params))
	for _, p := range params {
		if seen[p.name] {
			return deflate{}
		}
		seen[p.name] = true
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if p.hasValue {
				return deflate{}
			}
		case "client_max_window_bits": // a smaller window than ours is fine
			if p.hasValue && !validBits(p.value) {
				return deflate{}
			}
		case "server_max_window_bits":
			if !validBits(p.value) {
				return deflate{}
			}
			d.narrow = p.value != "15"
			answer += "; server_max_window_bits=" + p.value
		default:
			return deflate{}
		}
	}
	d.answer = answer
	return d
}

// validBits reports whether a value is a number from 8 to 15 without leading zeros.
func validBits(value string) bool {
	n, err := strconv.Atoi(value)
	return err == nil && n >= 8 && n <= 15 && value[0] != '0' && value[0] != '+'
}
