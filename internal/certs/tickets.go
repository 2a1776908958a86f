package certs

import (
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

// How long the key of session tickets is used to make them, and to accept them.
const (
	ticketRotation = 24 * time.Hour
	ticketLife     = 7 * 24 * time.Hour // the most that RFC 8446, section 4.6.1, allows
)

// A ticketKey is the key of session tickets since a time.
type ticketKey struct {
	since time.Time
	key   [32]byte
}

const (
	ticketType   = "TLS SESSION TICKET KEY"
	ticketHeader = "Since"
)

// openTickets reads the ticket keys and brings them up to date. Keys that cannot be read
// are replaced, and if the new ones cannot be written, Check tries again and reports it: a
// full disk must not keep a server from starting.
func (k *Keeper) openTickets() {
	if k.o.Folder != "" {
		if data, err := os.ReadFile(k.path(TicketsFile)); err == nil {
			k.tickets = parseTickets(data)
		}
	}
	_ = k.RotateTickets()
}

// RotateTickets makes a new key for session tickets if the newest is a day old, and drops
// those that are older than a week. Call it periodically. After an error the new key is
// used, but lost at a restart.
func (k *Keeper) RotateTickets() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.o.Now()
	var keys []ticketKey
	for _, t := range k.tickets {
		if age := now.Sub(t.since); age >= 0 && age < ticketLife {
			keys = append(keys, t)
		}
	}
	changed := len(keys) != len(k.tickets)
	if len(keys) == 0 || now.Sub(keys[0].since) >= ticketRotation {
		fresh := ticketKey{since: now}
		_, _ = rand.Read(fresh.key[:]) // never fails
		keys, changed = append([]ticketKey{fresh}, keys...), true
	}
	k.tickets = keys
	inUse := make([][32]byte, len(keys))
	for i, t := range keys {
		inUse[i] = t.key
	}
	k.config.SetSessionTicketKeys(inUse)
	if !changed && !k.unsaved || k.o.Folder == "" {
		return nil
	}
	err := replace(k.path(TicketsFile), encodeTickets(keys))
	if k.unsaved = err != nil; k.unsaved {
		return fmt.Errorf("the keys of TLS session tickets can't be written: %w", err)
	}
	return nil
}

func encodeTickets(keys []ticketKey) (text []byte) {
	for _, t := range keys {
		text = append(text, pem.EncodeToMemory(&pem.Block{
			Type: ticketType, Headers: map[string]string{ticketHeader: t.since.UTC().Format(time.RFC3339)}, Bytes: t.key[:],
		})...)
	}
	return text
}

// parseTickets returns the keys in text, newest first, and skips everything else.
func parseTickets(text []byte) (keys []ticketKey) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return keys
		}
		since, err := time.Parse(time.RFC3339, block.Headers[ticketHeader])
		if err != nil || block.Type != ticketType || len(block.Bytes) != len(ticketKey{}.key) {
			continue
		}
		keys = append(keys, ticketKey{since: since, key: [32]byte(block.Bytes)})
	}
}
