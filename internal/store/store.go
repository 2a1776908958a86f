package store

import (
	"errors"
	"iter"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// A Store keeps records. Its methods may be called from several goroutines;
// those that write wait for one another, and questions don't wait for them.
// None may be called from an event loop: all of them may take long.
type Store interface {
	chat.Archive

	// Load returns what the hub begins with, and marks the store as in use: if
	// the run before did not finish with a [chat.End], or this one does not, an
	// epoch begins. Epochs count up and are not less than now in Unix seconds,
	// so that one is not used again after a backup was restored.
	// After an unclean end LastID is [IDGap] above what was seen.
	Load(now time.Time) (*chat.State, error)

	// Commit keeps all of the records or none, and returns when they are on disk.
	// Writing a record again changes nothing, but for a [chat.Act]: each is an
	// entry. Records must pass [Valid].
	Commit(records []chat.Record) error

	// Import is Commit for more records than fit into memory: all or none, and
	// none if the sequence has an error. A post that is there already must be
	// the same; an entry of the audit log, too (see [Entry]).
	Import(records iter.Seq2[Line, error]) error

	// Export yields everything there is as of one moment, in an order that Import
	// takes.
	Export() iter.Seq2[Line, error]

	// Acts returns entries of the audit log after the one with that number,
	// oldest first, limit at most.
	Acts(after uint64, limit int) ([]Entry, error)

	// Resume returns the messages of a room after a place in its order, oldest
	// first, limit at most, and the last seq of that epoch that was kept: what a
	// client has seen beyond it must be taken back. kept is 0 if nothing of that
	// epoch was.
	Resume(room string, epoch, seq uint64, limit int) (events []chat.Event, kept uint64, err error)

	// Index makes messages that were committed known to the full-text index, limit
	// at most, and tells how many still wait. Search finds them before that, too,
	// but more slowly.
	Index(limit int) (waiting int, err error)

	// Expire archives and deletes messages that are too old or too many, some at a
	// time, and tells whether there are more.
	Expire(now time.Time, keep Keep) (more bool, err error)

	// Verify looks for damage, which may take minutes. It returns sentences that
	// say what is wrong and what to do; none if all is well.
	Verify() ([]string, error)

	// Close gives the store back. It is a clean end if a chat.End was the last
	// record.
	Close() error
}

// IDGap is how far IDs jump after an unclean end, past those of events that were
// seen and never kept.
const IDGap = 1 << 20

// Keep bounds the history. 0 means no bound.
type Keep struct {
	// Age and Bytes are for a room that has no bounds of its own.
	Age   time.Duration
	Bytes int64
	// TotalBytes is for all rooms together: the oldest messages of all go.
	TotalBytes int64
}

// Overhead is what a message counts beside its text, name and key when it is
// held against Keep's bounds.
const Overhead = 64

// PostSize returns what a post counts.
func PostSize(p chat.Post) int64 {
	return int64(len(p.Event.Body)+len(p.Event.Name)+len(p.Key)) + Overhead
}

// Errors; compare with errors.Is.
var (
	ErrClosed = errors.New("store: closed")
	// ErrInvalid: a record that no store keeps.
	ErrInvalid = errors.New("store: invalid record")
	// ErrConflict: what is imported contradicts what is there.
	ErrConflict = errors.New("store: contradicts what is there")
	// ErrForeign: the file is not this program's.
	ErrForeign = errors.New("store: not a database of chatsrv")
	// ErrNewer: a newer program wrote the file.
	ErrNewer = errors.New("store: written by a newer chatsrv")
	// ErrCorrupt: the file is damaged.
	ErrCorrupt = errors.New("store: the database is damaged")
	// ErrNoSpace and ErrReadOnly: nothing can be written now.
	ErrNoSpace  = errors.New("store: the disk is full")
	ErrReadOnly = errors.New("store: the disk or the file is read-only")
)
