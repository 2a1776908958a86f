package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/bench"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

const (
	// searchFor and searchMost bound the queries of one kind.
	searchFor  = 3 * time.Second
	searchMost = 5000
	// startsEach is how often a round starts a server.
	startsEach = 4
)

// questions are the kinds of pairs of words that F9 searches for.
var questions = []struct {
	title string
	ask   func(*drawer) chat.SearchQuery
}{
	{"two as people say them", func(d *drawer) chat.SearchQuery { return chat.SearchQuery{Words: []string{d.word(), d.word()}} }},
	{"two of the five most frequent", func(d *drawer) chat.SearchQuery { return chat.SearchQuery{Words: []string{d.among(5), d.among(5)}} }},
	{"any two", func(d *drawer) chat.SearchQuery {
		return chat.SearchQuery{Words: []string{d.among(vocabulary), d.among(vocabulary)}}
	}},
	{"a frequent one and any", func(d *drawer) chat.SearchQuery {
		return chat.SearchQuery{Words: []string{d.among(3), d.among(vocabulary)}}
	}},
	{"two frequent ones, of one author", func(d *drawer) chat.SearchQuery {
		return chat.SearchQuery{Words: []string{d.among(50), d.among(50)}, Key: authorName(d.random.IntN(authors))}
	}},
	{"two frequent ones, in one room", func(d *drawer) chat.SearchQuery {
		return chat.SearchQuery{Words: []string{d.among(50), d.among(50)}, Rooms: []string{roomName(d.random.IntN(rooms))}}
	}},
}

func searches(ctx context.Context, d *driver) section {
	s := section{columns: []string{"messages", "words", "questions", "found, on average", "p50 ms", "p99 ms", "longest ms"}}
	folder, err := d.archive(ctx)
	var archive *sqlite.Store
	if err == nil {
		archive, err = sqlite.Open(folder, sqlite.Options{})
	}
	if err == nil {
		defer func() { _ = archive.Close() }() // nothing was written
	}
	for _, q := range questions {
		fmt.Fprintf(d.progress, "F9: %s\n", q.title)
		var f found
		why := err
		if why == nil {
			f, why = look(ctx, archive, q.ask)
		}
		r := row{ours: true, cells: []string{
			number(float64(d.messages), 0), q.title, number(float64(f.took.Count()), 0), number(f.average(), 1),
			number(ms(f.took.Quantile(0.5)), 2), number(ms(f.took.Quantile(0.99)), 1), number(ms(f.took.Max()), 1),
		}}
		if why != nil {
			r.verdict, r.notes = absent, []string{why.Error()}
		}
		judgeOf(&r, d.messages >= million, "p99 ≤ 50 ms", atMost(ms(f.took.Quantile(0.99)), 50))
		s.rows = append(s.rows, r)
	}
	return s
}

// judgeOf gives one of our own rows a target, unless the measurement is too
// small for that.
func judgeOf(r *row, enough bool, text string, v verdict) {
	if enough {
		r.target(server{ours: true}, text, v)
	} else if note := "too small for a verdict"; !slices.Contains(r.notes, note) {
		r.notes = append(r.notes, note)
	}
}

func ms(t time.Duration) float64 { return float64(t) / float64(time.Millisecond) }

// found has the number of results, and the time.
type found struct {
	took     bench.Histogram
	messages int
}

func (f *found) average() float64 { return float64(f.messages) / float64(f.took.Count()) }

// look queries a store, for a while.
func look(ctx context.Context, s store.Store, ask func(*drawer) chat.SearchQuery) (f found, err error) {
	d := newDrawer(7)
	var all []string
	for i := range rooms {
		all = append(all, roomName(i))
	}
	for begun := time.Now(); time.Since(begun) < searchFor && f.took.Count() < searchMost; {
		q := ask(d)
		q.Limit = 50
		if q.Rooms == nil {
			q.Rooms = all
		}
		asked := time.Now()
		list, err := s.Search(q)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return f, err
		}
		f.took.Record(time.Since(asked))
		f.messages += len(list)
	}
	return f, nil
}

// starts measures how long it takes until a server accepts.
func starts(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "data folder", "starts", "median ms", "longest ms"}}
	archived := ofFolder("**chatsrv**, default style", func(ctx context.Context, d *driver) (string, error) { return d.archive(ctx) })
	for _, c := range []struct {
		server server
		data   string
		limit  float64 // ms; 0 for none
	}{
		{full, "none", 0},
		{ofFolder("**chatsrv**, default style", emptyFolder), "empty", 100},
		{archived, number(float64(d.messages), 0) + " messages", 300},
	} {
		fmt.Fprintf(d.progress, "F10: %s\n", c.data)
		var took []float64
		var longest float64
		var err error
		for range startsEach * d.options.rounds {
			var t time.Duration
			if t, err = d.startTime(ctx, c.server); err != nil {
				break
			}
			took, longest = append(took, ms(t)), max(longest, ms(t))
		}
		median := bench.Median(took)
		r := row{ours: true, cells: []string{c.server.title, c.data, fmt.Sprint(len(took)), number(median, 1), number(longest, 1)}}
		if err != nil {
			r.verdict, r.notes = absent, []string{err.Error()}
		}
		switch target := fmt.Sprintf("median ≤ %.0f ms", c.limit); {
		case c.limit == 0:
		case c.data == "empty":
			r.target(c.server, target, atMost(median, c.limit))
		default:
			judgeOf(&r, d.messages >= million, target, atMost(median, c.limit))
		}
		s.rows = append(s.rows, r)
	}
	return s
}

// startTime starts a server, stops it, and returns the time from the start
// until it accepted a connection.
func (d *driver) startTime(ctx context.Context, s server) (time.Duration, error) {
	r, err := d.launch(ctx, s, "")
	if err != nil {
		return 0, err
	}
	took, err := r.accepting(ctx, time.Millisecond)
	if err != nil {
		r.stop()
		return 0, err
	}
	return took, r.quit()
}
