package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
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

// maxMemory is how much is kept of what is said where nothing is kept on disk, in bytes.
const maxMemory = 64 << 20

// A keeper holds what a server keeps, and where.
type keeper struct {
	folder string // "" for none
	log    *slog.Logger
	note   string // what has to be said about the store
	unlock func() error
	store  store.Store
	writer *store.Writer
	texts  *chatlog.Log // nil for none
	pool   *account.Pool
	srv    atomic.Pointer[server.Server] // nil before there is one
}

// dataFolder returns where a configuration keeps things, "" for nowhere.
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

// openStore opens the store of a configuration, and nothing else.
func openStore(c config.Config) (*keeper, error) {
	folder, err := dataFolder(c)
	if err != nil {
		return nil, err
	}
	k := &keeper{folder: folder, unlock: func() error { return nil }, log: slog.New(slog.DiscardHandler)}
	if folder == "" {
		k.store = memory.New()
		return k, nil
	}
	unlock, err := osutil.LockFolder(folder)
	if err != nil {
		return nil, fmt.Errorf("%w (see --data; --data none keeps nothing)", err)
	}
	s, err := sqlite.Open(folder, sqlite.Options{})
	if errors.Is(err, store.ErrNoSpace) || errors.Is(err, store.ErrReadOnly) {
		err = fmt.Errorf("%w (make room there, or make it writable; another folder: --data)", err)
	}
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	k.store, k.unlock, k.note = s, unlock, s.Note()
	return k, nil
}

// release lets go of the store.
func (k *keeper) release() error { return errors.Join(k.store.Close(), k.unlock()) }

// openData opens what a server needs of what is kept.
func openData(c config.Config, log *journal) (*keeper, error) {
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
	if k.folder == "" && keep.TotalBytes == 0 {
		keep.TotalBytes = maxMemory
	}
	k.writer = store.NewWriter(k.store, store.Options{Degraded: k.degraded, Trouble: k.trouble, Keep: keep})
	k.pool = account.NewPool(account.PoolOptions{})
	return k, nil
}

// degraded is called when nothing can be saved any more, and with nil when it can.
func (k *keeper) degraded(err error) {
	text := "messages are saved again"
	if err != nil {
		k.log.Error("not_saved", slog.String("cause", err.Error()),
			slog.String("remedy", "make room on the disk of the data folder, or make it writable; nothing has to be restarted"))
		text = "nothing is saved now: " + chat.Reason(err)
	} else {
		k.log.Info("saved_again")
	}
	if srv := k.srv.Load(); srv != nil {
		srv.Alert(text)
	}
}

func (k *keeper) trouble(err error) { k.log.Error("store_trouble", slog.String("cause", err.Error())) }

// chat adds what is kept to the options of a server. The classic style, where
// nobody can log in or ask for what was said, keeps nothing without a folder.
func (k *keeper) chat(o *server.Options, c config.Config) error {
	o.Chat.NoGuests = !c.Guests
	if c.Style == config.StyleClassic && k.folder == "" {
		if k.texts != nil {
			o.Chat.Journal = followed{unkept{}, k.texts}
		}
		return nil
	}
	state, err := k.store.Load(time.Now())
	if err != nil {
		return err
	}
	passwords, err := server.NewPasswords()
	if err != nil {
		return err
	}
	o.Hashing = k.pool
	o.Chat.State, o.Chat.Journal, o.Chat.Archive = state, k.writer, k.store
	if k.texts != nil {
		o.Chat.Journal = followed{k.writer, k.texts}
	}
	o.Chat.Passwords, o.Chat.Throttle = passwords, account.NewThrottle(account.ThrottleOptions{})
	o.Healthy = k.writer.Err
	return nil
}

// close keeps the end of the run, and lets go of everything.
func (k *keeper) close(end *chat.End) error {
	k.pool.Close()
	if end != nil {
		k.writer.Write(nil, *end)
	}
	err := k.writer.Close()
	if k.texts != nil {
		k.texts.Close() // after the last line is kept
	}
	return errors.Join(err, k.release())
}

// textsLost returns how many lines are missing in the chat log.
func (k *keeper) textsLost() uint64 {
	if k.texts == nil {
		return 0
	}
	return k.texts.Lost()
}

// police sets what a configuration says about what may be said, and how much. It
// returns how many words are listed, or an error if the list can't be used, and
// changes nothing then.
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
		return nil, fmt.Errorf("list of words: %w (see --words)", err)
	}
	list, err := wordfilter.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("list of words %s: %w", path, err)
	}
	return list, nil
}
