package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

const (
	million = 1_000_000
	// fillLimit bounds the time that filling an archive may take.
	fillLimit = 2 * time.Minute
	// archiveForm is part of the name of an archive that is kept between runs.
	// It changes with the messages.
	archiveForm = 1

	vocabulary = 20_000
	rooms      = 20
	authors    = 300
	// firstMessage is when the first was written, in Unix seconds.
	firstMessage = 1_700_000_000
)

// An archive is a data folder with many messages, or the error why there is none.
type archive struct {
	folder string
	err    error
}

// archive returns a data folder with as many messages as the options say, all of
// them indexed. It is made once and stays in the folder for temporary files, for
// the next run.
func (d *driver) archive(ctx context.Context) (string, error) {
	if d.filled == nil {
		d.filled = &archive{}
		d.filled.folder, d.filled.err = d.findArchive(ctx)
	}
	return d.filled.folder, d.filled.err
}

func (d *driver) findArchive(ctx context.Context) (string, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("netloop-bench-%d-messages-%d", d.messages, archiveForm))
	if usable(folder, d.messages) == nil {
		return folder, nil
	}
	// It appears complete, or not at all.
	fresh, err := os.MkdirTemp(os.TempDir(), "netloop-bench-new")
	if err != nil {
		return "", err
	}
	fmt.Fprintf(d.progress, "writing %d messages into %s\n", d.messages, folder)
	ctx, cancel := context.WithTimeout(ctx, fillLimit)
	defer cancel()
	err = fill(ctx, fresh, d.messages)
	if err == nil {
		err = errors.Join(os.RemoveAll(folder), os.Rename(fresh, folder))
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("no %d messages: %w", d.messages, err), os.RemoveAll(fresh))
	}
	return folder, nil
}

// usable returns an error if an archive of an earlier run can't be used.
func usable(folder string, messages int) (err error) {
	if _, err := os.Stat(filepath.Join(folder, sqlite.FileName)); err != nil {
		return err
	}
	s, err := sqlite.Open(folder, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	state, err := s.Load(time.Now())
	if err != nil {
		return err
	}
	if waiting, err := s.Index(1); err != nil || waiting > 0 || state.LastID < uint64(messages) || len(state.Orders) != rooms {
		return errors.Join(err, errors.New("not what was written"))
	}
	return s.Commit([]chat.Record{endOf(state)})
}

// endOf returns the end of a run in which nothing happened.
func endOf(state *chat.State) chat.End {
	end := chat.End{LastID: state.LastID, Orders: state.Orders}
	for i := range end.Orders {
		end.Orders[i].Recent = nil
	}
	return end
}

// fill writes messages into an empty folder.
func fill(ctx context.Context, folder string, messages int) (err error) {
	s, err := sqlite.Open(folder, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	state, err := s.Load(time.Now())
	if err != nil {
		return err
	}
	draw := newDrawer(1)
	for n := 0; n < messages; {
		var batch []chat.Record
		for range min(4096, messages-n) {
			n++
			batch = append(batch, draw.message(state.Epoch, uint64(n)))
		}
		// Indexing after each batch finds the messages still in the cache.
		if err := errors.Join(ctx.Err(), s.Commit(batch), indexAll(ctx, s)); err != nil {
			return err
		}
	}
	end := chat.End{LastID: uint64(messages)}
	var last []chat.Record
	for i := range rooms {
		if name := roomName(i); name != chat.Lobby {
			last = append(last, chat.RoomState{Name: name, Created: time.Unix(firstMessage, 0)})
		}
		end.Orders = append(end.Orders, chat.Order{Room: roomName(i), Seq: uint64(messages)})
	}
	return s.Commit(append(last, end))
}

func indexAll(ctx context.Context, s store.Store) error {
	for ctx.Err() == nil {
		if waiting, err := s.Index(4096); err != nil || waiting == 0 {
			return err
		}
	}
	return ctx.Err()
}

// A drawer draws random messages. The same seed draws the same ones.
type drawer struct {
	random *rand.Rand
	words  []string // the first ones are the frequent ones
}

func newDrawer(seed uint64) *drawer {
	syllables := []string{"ka", "lo", "mi", "ter", "sun", "po", "re", "dal", "vi", "en", "go", "ast"}
	d := &drawer{random: rand.New(rand.NewPCG(seed, seed))}
	always := rand.New(rand.NewPCG(3, 4)) // the words are the same for all seeds
	for range vocabulary {
		var w strings.Builder
		for range 2 + always.IntN(4) {
			w.WriteString(syllables[always.IntN(len(syllables))])
		}
		d.words = append(d.words, w.String())
	}
	return d
}

// word draws a word with a realistic frequency.
func (d *drawer) word() string {
	x := d.random.Float64() * d.random.Float64()
	return d.words[int(vocabulary*x*x)]
}

// among draws one of the n most frequent words uniformly.
func (d *drawer) among(n int) string { return d.words[d.random.IntN(n)] }

func authorName(i int) string { return fmt.Sprintf("user%d", i) }

// roomName returns the name of the lobby, or of another room.
func roomName(i int) string {
	if i == 0 {
		return chat.Lobby
	}
	return fmt.Sprintf("#room%d", i)
}

// message draws the message with that number, counted from 1.
func (d *drawer) message(epoch, n uint64) chat.Post {
	list := make([]string, 4+d.random.IntN(12))
	for i := range list {
		list[i] = d.word()
	}
	name := authorName(d.random.IntN(authors))
	return chat.Post{Key: name, Event: chat.Event{
		Room: roomName(d.random.IntN(rooms)), Epoch: epoch, Seq: n, ID: n, Kind: chat.Say, Name: name,
		Body: strings.Join(list, " "), Time: time.Unix(firstMessage+10*int64(n), 0),
	}}
}
