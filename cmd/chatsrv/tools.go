package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/admin"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

// A tool is a command that works on the data folder.
type tool struct {
	config.Command
	args int // files that it needs
	// online is set if it may be used while a server runs, which then carries it out.
	online bool
	run    func(s *sqlite.Store, args []string, out io.Writer) error
}

// tools is the list of tools, in the order of the help. restore is not among
// them: it needs a folder without a store.
func tools() []tool {
	return []tool{
		{config.Command{Name: "audit", Help: "Print the audit log: the actions of moderators and administrators"}, 0, true, printAudit},
		{config.Command{Name: "backup", Args: "FILE", Help: "Copy the database to FILE; the server may be running"}, 1, true, backup},
		{config.Command{Name: "export", Args: "FILE", Help: "Export all data to FILE as JSON lines; the server may be running"}, 1, true, export},
		{config.Command{Name: "import", Args: "FILE", Help: "Import a file written by export; stop the server first"}, 1, false, importFile},
		{config.Command{Name: "verify", Help: "Check the database and its audit log for damage; the server may be running"}, 0, true, verify},
	}
}

// errDamaged is returned when verify has found damage.
var errDamaged = errors.New("the database is damaged: see above")

func verify(s *sqlite.Store, _ []string, out io.Writer) error {
	problems, err := s.Verify()
	if err != nil || len(problems) > 0 {
		return printProblems(out, problems, nil, err)
	}
	pairs, err := s.SameNames()
	return printProblems(out, nil, pairs, err)
}

// verifyFrozen is verify in a folder that can't be written to.
func verifyFrozen(c config.Config, out io.Writer) error {
	folder, err := dataFolder(c)
	if err != nil {
		return failure{err}
	}
	problems, pairs, err := sqlite.VerifyFrozen(folder)
	if err = printProblems(out, problems, pairs, err); err != nil {
		return failure{err}
	}
	return nil
}

// printProblems prints the problems, and the accounts with the same name, which are not
// damage.
func printProblems(out io.Writer, problems []string, pairs [][2]string, err error) error {
	if err != nil {
		return err
	}
	for _, line := range problems {
		_, _ = fmt.Fprintln(out, line)
	}
	if len(problems) > 0 {
		return errDamaged
	}
	for _, pair := range pairs {
		_, _ = fmt.Fprintf(out, "note: the accounts %s and %s have one name by now; %s\n", pair[0], pair[1], sameNameRemedy)
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
	_, err := fmt.Fprintf(out, "backed up the database to %s, without the folder %s\n", args[0], sqlite.ArchiveFolder)
	return err
}

func export(s *sqlite.Store, args []string, out io.Writer) error {
	f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("export: %w; choose another name", err)
	}
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err = store.WriteExport(w, s); err == nil {
		err = errors.Join(w.Flush(), f.Sync())
	}
	if err = cmp.Or(err, f.Close()); err != nil {
		_ = os.Remove(args[0])
		return fmt.Errorf("export: %w", err)
	}
	_, err = fmt.Fprintf(out, "exported all data to %s\n", args[0])
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
	_, err = fmt.Fprintf(out, "imported %s\n", args[0])
	return err
}

// command returns the command that runs the tool, here or in the server that has
// the data folder.
func (t tool) command() command {
	return command{t.Command, func(p program, args []string) error {
		s, words, err := config.LoadWords(args, p.env)
		switch {
		case err != nil:
			return err
		case s.Config.Help:
			return p.help([]string{t.Name})
		}
		files, err := filesOf(t.Command, t.args, words)
		if err != nil {
			return err
		}
		if t.online { // a tool that only reads must not create an empty database in the wrong folder
			if err := hasDatabase(s.Config); err != nil {
				return failure{err}
			}
		}
		return p.apply(t, s.Config, files)
	}}
}

// apply runs a tool, here or in the server that has the data folder.
func (p program) apply(t tool, c config.Config, files []string) error {
	k, err := openStore(c)
	if _, busy := errors.AsType[*osutil.FolderInUseError](err); busy && t.online {
		return p.call(c, admin.Request{Args: append([]string{t.Name}, files...)})
	}
	if t.Name == "verify" && (errors.Is(err, fs.ErrPermission) || osutil.IsReadOnly(err)) {
		return verifyFrozen(c, p.stdout)
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
}

// hasDatabase returns an error if there is none in the folder of c.
func hasDatabase(c config.Config) error {
	folder, err := storingFolder(c)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, sqlite.FileName)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in %s (see --data)", folder)
	}
	return nil
}

// giveBack changes the owner of files that root has created in a data folder to the user of
// the server.
func giveBack(folder string) error {
	return osutil.GiveToOwner(folder, sqlite.FileName, "lock")
}

var errNoFolder = errors.New("these settings store nothing on disk (see --data)")

// filesOf returns the files among a command's arguments, as absolute paths.
func filesOf(c config.Command, n int, words []string) (files []string, err error) {
	if len(words) != n || slices.Contains(words, "") {
		return nil, &config.UsageError{Problem: strings.Join(strings.Fields("usage: chatsrv "+c.Name+" "+c.Args), " ") + " [flags]"}
	}
	for _, word := range words {
		path, err := filepath.Abs(word)
		if err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}

// restore puts a backup into the data folder.
func (p program) restore(args []string) error {
	s, words, err := config.LoadWords(args, p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return p.help([]string{"restore"})
	}
	replace := len(words) == 2 && words[1] == "replace"
	if replace {
		words = words[:1]
	}
	files, err := filesOf(config.Command{Name: "restore", Args: "FILE [replace]"}, 1, words)
	if err != nil {
		return err
	}
	folder, err := storingFolder(s.Config)
	if err != nil {
		return failure{err}
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
		_, _ = fmt.Fprintf(p.stdout, "the previous database is now %s\n", aside)
	}
	_, err = fmt.Fprintf(p.stdout, "restored %s into %s\n", files[0], folder)
	return err
}
