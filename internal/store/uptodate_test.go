package store_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// asked is an archive that records how much was committed at a query.
type asked struct {
	chat.Archive
	w    *store.Writer
	seen []uint64
}

func (a *asked) History(chat.HistoryQuery) ([]chat.Event, error) {
	a.seen = append(a.seen, a.w.Stats().Records)
	return nil, nil
}

func (a *asked) Search(chat.SearchQuery) ([]chat.Event, error) {
	a.seen = append(a.seen, a.w.Stats().Records)
	return nil, nil
}

func (a *asked) Posted(uint64, int) ([]chat.Posted, error) {
	a.seen = append(a.seen, a.w.Stats().Records)
	return nil, nil
}

func (a *asked) Since(string, uint64, uint64, int) (chat.Missed, error) {
	a.seen = append(a.seen, a.w.Stats().Records)
	return chat.Missed{}, nil
}

func (*asked) Mail(uint64, int) ([]chat.Mail, error) { return nil, nil }

func TestARecentMessageIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := store.NewWriter(newDisk(t), store.Options{})
		a := &asked{w: w}
		archive := store.UpToDate(a, w)
		w.Write(nil, post(1))
		if _, err := archive.Search(chat.SearchQuery{}); err != nil {
			t.Error(err)
		}
		w.Write(nil, post(2))
		if _, err := archive.History(chat.HistoryQuery{}); err != nil {
			t.Error(err)
		}
		w.Write(nil, post(3))
		if _, err := archive.Posted(1, 1); err != nil {
			t.Error(err)
		}
		w.Write(nil, post(4))
		if _, err := archive.Since("#a", 1, 1, 1); err != nil {
			t.Error(err)
		}
		if !slices.Equal(a.seen, []uint64{1, 2, 3, 4}) {
			t.Errorf("committed by then: %v", a.seen)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}
