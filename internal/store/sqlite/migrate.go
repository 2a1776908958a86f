package sqlite

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed schema/*.sql
var schema embed.FS

// migrations are the scripts that lead from one version of the schema to the
// next: schema/0001.sql makes version 1 of an empty file. They never change once
// they are released.
func migrations() []string {
	names, err := fs.Glob(schema, "schema/[0-9][0-9][0-9][0-9].sql")
	if err != nil {
		return nil // the pattern is well-formed
	}
	slices.Sort(names)
	return names
}

// migrate brings the schema from a version to the newest, each step in a transaction.
func migrate(k *conn, version int64) error {
	for i, name := range migrations() {
		if int64(i) < version {
			continue
		}
		script, err := schema.ReadFile(name)
		if err != nil {
			return err
		}
		err = k.within(toWrite, func() error {
			if err := k.c.Exec(string(script)); err != nil {
				return err
			}
			return k.c.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, i+1))
		})
		if err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", i+1, err)
		}
	}
	return nil
}

// wording identifies how the words of the index were made. Removing a message
// from the index needs the same words that were added, and those may change
// with Unicode's tables.
const wording = "2 " + unicode.Version + " " + norm.Version

// reindex rebuilds the index if its words were made in another way.
func (s *Store) reindex() error {
	same, err := s.w.number(`SELECT count(*) FROM meta WHERE words = ?`, wording)
	if err != nil || same == 1 {
		return err
	}
	return s.w.within(toWrite, func() error {
		for _, sql := range []string{
			`INSERT INTO search (search) VALUES ('delete-all')`,
			`DELETE FROM pending`,
			`INSERT INTO pending SELECT id FROM posts WHERE gone = 0`,
		} {
			if err := s.w.exec(sql); err != nil {
				return err
			}
		}
		return s.w.exec(`UPDATE meta SET words = ?`, wording)
	})
}
