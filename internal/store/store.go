package store

import (
	"errors"
	"iter"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// A Store stores records. Its methods may be called from several goroutines;
// writes wait for one another, and queries don't wait for writes. No method may
// be called from an event loop, because all of them may take long.
type Store interface {
	chat.Archive

	// Load returns the state that the hub begins with, and marks the store as
	// in use: if a run does not finish with a [chat.End], the next Load begins
	// a new epoch. Epochs increase and are not less than now in Unix seconds,
	// so that none is used again after a backup was restored. After an unclean
	// end LastID is [IDGap] above the highest stored ID.
	Load(now time.Time) (*chat.State, error)

	// Commit stores all of the records or none, and returns when they are on
	// disk. Writing a record again changes nothing, except that each [chat.Act]
	// is a new entry. Records must pass [Valid].
	Commit(records []chat.Record) error

	// Import is Commit for more records than fit into memory: all or none, and
	// none if the sequence has an error. A post that exists already must be the
	// same, and so must an entry of the audit log (see [Entry]).
	Import(records iter.Seq2[Line, error]) error

	// Export yields everything stored, as of one moment, in an order that Import
	// accepts.
	Export() iter.Seq2[Line, error]

	// Acts returns at most limit entries of the audit log after the one with
	// that number, oldest first.
	Acts(after uint64, limit int) ([]Entry, error)

	// Index adds at most limit committed messages to the full-text index, and
	// returns how many still wait. Search finds messages before that, too, but
	// more slowly.
	Index(limit int) (waiting int, err error)

	// Expire archives and deletes messages that are too old or too many, some at a
	// time, and reports whether there are more.
	Expire(now time.Time, keep Keep) (more bool, err error)

	// Verify checks for damage, which may take minutes. It returns sentences
	// that say what is wrong and what to do, or none.
	Verify() ([]string, error)

	// Close closes the store. It is a clean end if a chat.End was the last
	// record.
	Close() error
}

// IDGap is how far IDs jump after an unclean end, beyond those of events that
// were published but never stored.
const IDGap = 1 << 20

// Keep bounds the history. 0 means no bound.
type Keep struct {
	// Age and Bytes are for a room without its own bounds.
	Age   time.Duration
	Bytes int64
	// TotalBytes is for all rooms together: the oldest messages of all are removed.
	TotalBytes int64
}

// Overhead is how many bytes a message counts for Keep's bounds, besides its
// text, name and key.
const Overhead = 64

// PostSize returns how many bytes a post counts for Keep's bounds.
func PostSize(p chat.Post) int64 {
	return int64(len(p.Event.Body)+len(p.Event.Name)+len(p.Key)) + Overhead
}

// Errors; compare with errors.Is.
var (
	ErrClosed = errors.New("store: closed")
	// ErrInvalid: a record that no store accepts.
	ErrInvalid = errors.New("store: invalid record")
	// ErrConflict: an import contradicts the store's contents.
	ErrConflict = errors.New("store: contradicts what is there")
	// ErrForeign: the file belongs to another program.
	ErrForeign = errors.New("store: not a database of chatsrv")
	// ErrNewer: a newer program wrote the file.
	ErrNewer = errors.New("store: written by a newer chatsrv")
	// ErrCorrupt: the file is damaged.
	ErrCorrupt = errors.New("store: the database is damaged")
	// ErrNoSpace and ErrReadOnly: nothing can be written now.
	ErrNoSpace  = errors.New("store: the disk is full")
	ErrReadOnly = errors.New("store: the disk or the file is read-only")
	// ErrGone: the file was removed, moved or replaced while it was in use. Writes
	// would go to a file that can no longer be found.
	ErrGone = errors.New("store: the database was removed or moved while it was in use")
)
