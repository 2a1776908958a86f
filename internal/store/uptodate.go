package store

import "github.com/sudoXpg/netloop/internal/chat"

// UpToDate returns an archive that finds all messages that were written to w before
// the query, even those that wait for others (Options.Delay). A query waits for them,
// so it must not be made on a loop.
func UpToDate(a chat.Archive, w *Writer) chat.Archive { return upToDate{a, w} }

type upToDate struct {
	chat.Archive
	writer *Writer
}

// History implements chat.Archive.
func (u upToDate) History(q chat.HistoryQuery) ([]chat.Event, error) {
	u.writer.Wait()
	return u.Archive.History(q)
}

// Posted implements chat.Archive.
func (u upToDate) Posted(owner uint64, limit int) ([]chat.Posted, error) {
	u.writer.Wait()
	return u.Archive.Posted(owner, limit)
}

// Since implements chat.Archive.
func (u upToDate) Since(room string, epoch, seq uint64, limit int) (chat.Missed, error) {
	u.writer.Wait()
	return u.Archive.Since(room, epoch, seq, limit)
}

// Search implements chat.Archive.
func (u upToDate) Search(q chat.SearchQuery) ([]chat.Event, error) {
	u.writer.Wait()
	return u.Archive.Search(q)
}
