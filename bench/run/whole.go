package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/bench"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

const (
	// wordsFile is the list of unwanted words, in the folder that servers run in.
	wordsFile = "words.txt"
	unwanted  = 1000
	// people is how many users log in at once, by default.
	people = 500
	// hash is the memory of one password's hash, in MiB.
	hash = 19
)

// wordList returns a list of n unwanted words that the load does not contain:
// nine of ten are masked, the others refused.
func wordList(n int) []byte {
	syllables := []string{"dra", "kum", "fen", "vop", "jul", "har", "wem", "nuk", "pra", "kof"}
	var list []byte
	for i := range n {
		action := "mask"
		if i%10 == 9 {
			action = "refuse"
		}
		word := ""
		for rest, k := i, 0; k < 4; k++ { // all numbers below 10,000 differ in four digits
			word += syllables[rest%10]
			rest /= 10
		}
		list = fmt.Appendf(list, "%s: %s\n", action, word)
	}
	return list
}

func emptyFolder(_ context.Context, d *driver) (string, error) { return os.MkdirTemp(d.dir, "data") }

// peopledFolder returns a data folder with the accounts that the load
// generator's users log in to.
func peopledFolder(ctx context.Context, d *driver) (folder string, err error) {
	if folder, err = emptyFolder(ctx, d); err != nil {
		return "", err
	}
	s, err := sqlite.Open(folder, sqlite.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	now := time.Now()
	state, err := s.Load(now)
	if err != nil {
		return "", err
	}
	// One hash for all: the cost of verifying depends only on its parameters.
	phc, err := account.Hash(bench.AccountPassword, account.Default, rand.Reader)
	if err != nil {
		return "", err
	}
	var records []chat.Record
	for i := range d.people {
		records = append(records, chat.Account{
			ID: state.LastID + 1 + uint64(i), Name: bench.AccountName(i), Role: chat.User, Hash: phc, Created: now, Seen: now,
		})
	}
	return folder, s.Commit(records)
}

func everything(ctx context.Context, d *driver) section {
	s := section{columns: []string{"load", "server", "deliveries/s", "CPU µs per delivery", "× classic", "server cores", "p99 ms", "lines missing"}}
	for _, load := range []struct {
		title  string
		server server
		flags  []string
	}{
		{"90 lines/s to 100 clients", whole, []string{"-mode", "open", "-rate", "90", "-clients", "100", "-senders", "90", "-warmup", "1s", "-duration", "5s"}},
		{"500 lines/s to 1,000 clients", whole, []string{"-mode", "open", "-rate", "500", "-clients", "1000", "-senders", "500", "-warmup", "1s", "-duration", "3s"}},
		{"10 lines in flight, 1,000 clients", free, []string{"-clients", "1000", "-senders", "10", "-inflight", "10", "-warmup", "500ms", "-duration", "2s"}},
	} {
		servers := []server{classic, load.server}
		got := d.rounds(ctx, "F2, "+load.title, servers, "", load.flags...)
		for _, sv := range servers {
			r := got[sv.title]
			ratio := r.ratio(got[classic.title], serverCPU)
			row := newRow(sv, r, load.title, sv.title, number(r.median(deliveries), 0), number(r.median(serverCPU), 2), number(ratio, 2),
				number(r.median(serverCores), 2), number(r.median(p99)/1000, 1), number(r.median(missingLines), 0))
			if sv.title != classic.title {
				row.target(sv, "≤ 1.3 × classic", atMost(ratio, 1.3))
				row.target(sv, "no line missing", atMost(r.median(missingLines), 0))
			}
			s.rows = append(s.rows, row)
		}
	}
	return s
}

// logIns takes one round: its load is long.
func logIns(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "logins", "took s", "p99 ms, undisturbed", "p99 ms meanwhile", "ratio", "MiB before", "growth MiB", "lines missing"}}
	one := *d
	one.options.rounds = 1
	r := one.rounds(ctx, "L1", []server{peopled}, "", "-mode", "logins", "-people", fmt.Sprint(d.people), "-rate", "90", "-clients", "100", "-senders", "90",
		"-warmup", "1s", "-duration", "8s", "-setup", "1m")[peopled.title]
	ratio := r.median(tailToQuiet)
	row := newRow(peopled, r, peopled.title, fmt.Sprint(d.people), number(r.median(seconds), 1), number(r.median(quietP99)/1000, 1), number(r.median(p99)/1000, 1),
		number(ratio, 2), number(r.median(baseRSS), 1), number(r.median(growth), 1), number(r.median(missingLines), 0))
	judgeOf(&row, d.people >= people, "p99 ≤ 2 × undisturbed", atMost(ratio, 2))
	judgeOf(&row, d.people >= people, fmt.Sprintf("growth ≤ 2 hashes, %d MiB", 2*hash), atMost(r.median(growth), 2*hash))
	s.rows = append(s.rows, row)
	return s
}
