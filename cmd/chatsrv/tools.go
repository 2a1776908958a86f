package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sudoXpg/netloop/internal/admin"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// A tool is a command that works on what is kept.
type tool struct {
	config.Command
	args int // files that it needs, before the flags
	// online: it may be used while a server runs, which then does it.
	online bool
	run    func(s *sqlite.Store, args []string, out io.Writer) error
}

// tools is the one list of them, in the order of the help. restore is no such
// tool: it needs a folder without a store.
func tools() []tool {
	return []tool{
		{config.Command{Name: "audit", Help: "Print what moderators and admins have done"}, 0, true, printAudit},
		{config.Command{Name: "backup", Args: "FILE", Help: "Write a copy of the database, also while the server runs"}, 1, true, backup},
		{config.Command{Name: "export", Args: "FILE", Help: "Write all that is kept as lines of JSON, also while the server runs"}, 1, true, export},
		{config.Command{Name: "import", Args: "FILE", Help: "Read what export has written; the server must not run"}, 1, false, importFile},
		{config.Command{Name: "verify", Help: "Look for damage in the database and its audit log, also while the server runs"}, 0, true, verify},
	}
}

// errDamaged is returned when verify has found anything.
var errDamaged = errors.New("the database is damaged: see above")

func verify(s *sqlite.Store, _ []string, out io.Writer) error {
	problems, err := s.Verify()
	if err != nil {
		return err
	}
	for _, line := range problems {
		_, _ = fmt.Fprintln(out, line)
	}
	if len(problems) > 0 {
		return errDamaged
	}
	_, err = fmt.Fprintln(out, "ok")
	return err
}

// auditPage is how many entries are read at a time.
const auditPage = 1000

func printAudit(s *sqlite.Store, _ []string, out io.Writer) error {
	w := bufio.NewWriter(out)
	for after := uint64(0); ; {
		entries, err := s.Acts(after, auditPage)
		if err != nil {
			return err
		}
		for _, e := range entries {
			a := e.Act
			_, _ = fmt.Fprintf(w, "%d %s %q %s target=%q room=%q why=%q %s\n", e.N, a.Time.UTC().Format(time.RFC3339), a.By, a.Verb, a.Target, a.Room, a.Why, e.Hash)
			after = e.N
		}
		if len(entries) < auditPage {
			return w.Flush()
		}
	}
}

func backup(s *sqlite.Store, args []string, out io.Writer) error {
	if err := s.Backup(args[0]); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s is a copy of the database; the folder %s of the data folder is not in it\n", args[0], sqlite.ArchiveFolder)
	return err
}

func export(s *sqlite.Store, args []string, out io.Writer) error {
	f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = errors.Join(store.WriteExport(w, s), w.Flush(), f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(args[0]))
	}
	_, err = fmt.Fprintf(out, "%s has all that is kept\n", args[0])
	return err
}

func importFile(s *sqlite.Store, args []string, out io.Writer) error {
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := store.ReadExport(f, s); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	_, err = fmt.Fprintf(out, "%s is imported\n", args[0])
	return err
}

// command returns the command that runs the tool, here or in the server that has
// the data folder.
func (t tool) command() command {
	return command{t.Command, func(p program, args []string) error {
		files, args, err := takeFiles(t.Command, t.args, args)
		if err != nil {
			return err
		}
		s, err := config.Load(args, p.env)
		switch {
		case err != nil:
			return err
		case s.Config.Help:
			return p.help([]string{t.Name})
		}
		if t.online { // what only reads should not begin an empty database in the wrong folder
			if err := hasDatabase(s.Config); err != nil {
				return failure{err}
			}
		}
		k, err := openStore(s.Config)
		if _, busy := errors.AsType[*osutil.FolderInUseError](err); busy && t.online {
			return p.call(s.Config, admin.Request{Args: append([]string{t.Name}, files...)})
		}
		if err != nil {
			return failure{err}
		}
		disk, ok := k.store.(*sqlite.Store)
		if !ok {
			return errors.Join(failure{errNoFolder}, k.release())
		}
		if err = errors.Join(t.run(disk, files, p.stdout), k.release(), giveBack(k.folder)); err != nil {
			return failure{err}
		}
		return nil
	}}
}

// hasDatabase returns an error if there is none in the folder of c.
func hasDatabase(c config.Config) error {
	folder, err := dataFolder(c)
	switch {
	case err != nil:
		return err
	case folder == "":
		return errNoFolder
	}
	if _, err := os.Stat(filepath.Join(folder, sqlite.FileName)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in %s (see --data)", folder)
	}
	return nil
}

// giveBack gives what root has made in a data folder to the user of the server.
func giveBack(folder string) error {
	return osutil.GiveToOwner(folder, sqlite.FileName, "lock")
}

var errNoFolder = errors.New("nothing is kept on disk with these settings (see --data)")

// takeFiles takes the files that stand before the flags, as absolute paths.
func takeFiles(c config.Command, n int, args []string) (files, rest []string, err error) {
	for len(files) < n {
		if len(args) == 0 || args[0] == "" || args[0][0] == '-' {
			if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
				return make([]string, n), args, nil
			}
			return nil, nil, &config.UsageError{Problem: fmt.Sprintf("usage: chatsrv %s %s [flags]", c.Name, c.Args)}
		}
		path, err := filepath.Abs(args[0])
		if err != nil {
			return nil, nil, err
		}
		files, args = append(files, path), args[1:]
	}
	return files, args, nil
}

// restore puts a backup into the data folder.
func (p program) restore(args []string) error {
	c := config.Command{Name: "restore", Args: "FILE [replace]"}
	files, args, err := takeFiles(c, 1, args)
	if err != nil {
		return err
	}
	replace := len(args) > 0 && args[0] == "replace"
	if replace {
		args = args[1:]
	}
	s, err := config.Load(args, p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return p.help([]string{"restore"})
	}
	folder, err := dataFolder(s.Config)
	switch {
	case err != nil:
		return failure{err}
	case folder == "":
		return failure{errNoFolder}
	}
	unlock, err := osutil.LockFolder(folder)
	if err != nil {
		return failure{err}
	}
	aside, err := sqlite.Restore(files[0], folder, replace)
	if err = errors.Join(err, giveBack(folder), unlock()); err != nil {
		return failure{err}
	}
	if aside != "" {
		_, _ = fmt.Fprintf(p.stdout, "what was there before is in %s now\n", aside)
	}
	_, err = fmt.Fprintf(p.stdout, "%s is restored into %s\n", files[0], folder)
	return err
}
