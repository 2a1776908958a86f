package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/flood"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/chatlog"
	"github.com/sudoXpg/netloop/internal/store/memory"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
	"github.com/sudoXpg/netloop/internal/wordfilter"
)

// maxMemory is how many bytes of memory the messages may take up without a data
// folder.
const maxMemory = 64 << 20

// memoryGC is the GC percent (see debug.SetGCPercent) without a data folder; Go's 100
// would double the memory that the messages take up. Measured with 8 people who write as
// much as they can: 40 turns 157 MiB into 115, or with short messages 206 into 126, for
// a tenth more CPU. The variable GOGC overrides it.
const memoryGC = 40

// maxAudit is how many entries the audit log has without a data folder.
const maxAudit = 1000

// sameNameRemedy is what to do about two accounts with one name.
const sameNameRemedy = "the other one logs in exactly as it is written here; /userdel removes either"

// A storage holds a server's store and what belongs to it.
type storage struct {
	folder string // "" for none
	log    *slog.Logger
	note   string // a remark on the store, for the log
	unlock func() error
	store  store.Store
	writer *store.Writer
	texts  *chatlog.Log // nil for none
	pool   *account.Pool
	srv    atomic.Pointer[server.Server] // nil before there is one

	// loaded: a run has begun, at lastID; served: clients may have been served since.
	loaded, served bool
	lastID         uint64
	// throttle is nil where there are no accounts.
	throttle *account.Throttle
}

// dataFolder returns the data folder of a configuration, "" for none.
func dataFolder(c config.Config) (string, error) {
	switch {
	case c.Style == config.StyleClassic && c.Data == "", c.Data == config.DataNone:
		return "", nil
	case c.Data != "":
		return c.Data, nil
	}
	folder, err := osutil.StateFolder("chatsrv")
	if err != nil {
		return "", fmt.Errorf("no folder for accounts and messages: %w (name one with --data, or --data none)", err)
	}
	return folder, nil
}

// storingFolder is dataFolder for what needs a data folder.
func storingFolder(c config.Config) (string, error) {
	folder, err := dataFolder(c)
	if err == nil && folder == "" {
		err = errNoFolder
	}
	return folder, err
}

// openStore opens only the store of a configuration.
func openStore(c config.Config) (*storage, error) {
	folder, err := dataFolder(c)
	if err != nil {
		return nil, err
	}
	k := &storage{folder: folder, unlock: func() error { return nil }, log: slog.New(slog.DiscardHandler)}
	if folder == "" {
		s := memory.New()
		s.Limit, s.AuditLimit = maxMemory, maxAudit
		k.store = s
		return k, nil
	}
	unlock, err := osutil.LockFolder(folder)
	if err != nil {
		return nil, fmt.Errorf("%w (see --data; --data none stores nothing)", err)
	}
	s, err := sqlite.Open(folder, sqlite.Options{Archived: func(messages int, files []string) { k.archived(messages, files) }})
	if errors.Is(err, store.ErrNoSpace) || errors.Is(err, store.ErrReadOnly) {
		err = fmt.Errorf("%w (make room there, or make it writable; another folder: --data)", err)
	}
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	k.store, k.unlock, k.note = s, unlock, s.Note()
	return k, nil
}

// release closes the store.
func (k *storage) release() error { return errors.Join(k.store.Close(), k.unlock()) }

// openData opens everything stored that a server needs.
func openData(c config.Config, log *journal) (*storage, error) {
	k, err := openStore(c)
	if err != nil {
		return nil, err
	}
	k.log = log.With(logs.In(logs.Store))
	if k.note != "" {
		k.log.Warn("store_note", slog.String("note", k.note))
	}
	if k.texts, err = openChatLog(c, k.log); err != nil {
		return nil, errors.Join(err, k.release())
	}
	keep := store.Keep{Age: c.KeepAge, TotalBytes: int64(c.KeepSize)}
	k.writer = store.NewWriter(k.store, store.Options{Degraded: k.degraded, Trouble: k.trouble, Keep: keep})
	k.pool = account.NewPool(account.PoolOptions{})
	return k, nil
}

// degraded is called when nothing can be saved any more, and with nil when it can.
func (k *storage) degraded(err error) {
	alert := chat.NewNote("saved-again")
	if err != nil {
		remedy := "make room on the disk of the data folder, or make it writable; nothing has to be restarted"
		if errors.Is(err, store.ErrGone) {
			remedy = "move the data folder back as it was, or restart the server, which begins anew there or with a backup (chatsrv restore)"
		}
		k.log.Error("not_saved", slog.String("cause", err.Error()), slog.String("remedy", remedy))
		alert = chat.NewNote("nothing-saved", "why", chat.Why(err))
	} else {
		k.log.Info("saved_again")
	}
	if srv := k.srv.Load(); srv != nil {
		srv.Alert(alert)
	}
}

func (k *storage) trouble(err error) { k.log.Error("store_trouble", slog.String("cause", err.Error())) }

// chat adds the store to the options of a server. The classic style, which has
// neither logins nor a history, stores nothing without a folder.
func (k *storage) chat(o *server.Options, c config.Config) error {
	o.Chat.NoGuests = !c.Guests
	if c.Style == config.StyleClassic && k.folder == "" {
		if k.texts != nil {
			o.Chat.Journal = followed{discard{}, k.texts}
		}
		return nil
	}
	if k.folder == "" && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(memoryGC)
	}
	state, err := k.store.Load(time.Now())
	if err != nil {
		return err
	}
	for _, pair := range state.SameNames() {
		k.log.Warn("same_name", slog.String("name", pair[0]), slog.String("other", pair[1]),
			slog.String("remedy", sameNameRemedy))
	}
	passwords, err := server.NewPasswords()
	if err != nil {
		return err
	}
	k.loaded, k.lastID = true, state.LastID
	k.throttle = account.NewThrottle(account.ThrottleOptions{})
	o.Hashing = k.pool
	o.Chat.State, o.Chat.Journal, o.Chat.Archive = state, k.writer, store.UpToDate(k.store, k.writer)
	if k.texts != nil {
		o.Chat.Journal = followed{k.writer, k.texts}
	}
	o.Chat.Passwords, o.Chat.Throttle = passwords, k.throttle
	o.Healthy = k.writer.Err
	return nil
}

// close stores the end of the run, and closes everything.
func (k *storage) close(end *chat.End) error {
	k.pool.Close()
	if end == nil && k.loaded && !k.served {
		// The start has failed. The numbers continue where they were.
		end = &chat.End{LastID: k.lastID}
	}
	if end != nil {
		k.writer.Write(nil, *end)
	}
	err := k.writer.Close()
	if k.texts != nil {
		k.texts.Close() // after the last line is saved
	}
	return errors.Join(err, k.release())
}

// failedLogins returns how many wrong passwords were given.
func (k *storage) failedLogins() uint64 {
	if k.throttle == nil {
		return 0
	}
	return k.throttle.Failures()
}

// hashes returns how many passwords were hashed, and how many wait to be.
func (k *storage) hashes() (all, waiting uint64) {
	if k.pool == nil {
		return 0, 0
	}
	return k.pool.Ran(), uint64(k.pool.Waiting())
}

// size returns how many bytes the database takes on disk, 0 without one.
func (k *storage) size() uint64 {
	if s, ok := k.store.(interface{ Size() int64 }); ok {
		return uint64(max(s.Size(), 0))
	}
	return 0
}

// archived is called when old messages were moved to the archives.
func (k *storage) archived(messages int, files []string) {
	k.log.Info("archived", slog.Int("messages", messages), slog.String("files", strings.Join(files, ", ")))
}

// textsLost returns how many lines are missing in the chat log.
func (k *storage) textsLost() uint64 {
	if k.texts == nil {
		return 0
	}
	return k.texts.Lost()
}

// police sets the flood limits and forbidden words of a configuration. It
// returns how many words are listed, or an error if the list can't be used; then
// it changes nothing.
func police(srv *server.Server, c config.Config) (listed int, err error) {
	var words *wordfilter.List
	if c.Words != "" {
		if words, err = readWords(c.Words); err != nil {
			return 0, err
		}
		listed = words.Len()
	}
	srv.SetWords(words)
	if c.FloodControl && c.Style != config.StyleClassic {
		limits := flood.Defaults()
		srv.SetFlood(&limits)
	} else {
		srv.SetFlood(nil)
	}
	return listed, nil
}

// readWords reads a list of words.
func readWords(path string) (*wordfilter.List, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > wordfilter.MaxBytes {
		err = fmt.Errorf("%s has more than %d bytes", path, wordfilter.MaxBytes)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("word list: %w (see --words)", err)
	}
	list, err := wordfilter.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("word list %s: %w", path, err)
	}
	return list, nil
}
