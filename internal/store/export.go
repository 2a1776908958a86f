package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// ExportVersion is the version of the format that WriteExport writes.
// Version 1 had no answers, edits and read marks.
const ExportVersion = 2

// MaxLine is the length of the longest line of an export, in bytes.
const MaxLine = 16 << 20

// The first and the last line of an export.
type exportHeader struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

type exportEnd struct {
	Lines uint64 `json:"lines"`
}

const exportFormat = "chatsrv export"

// WriteExport writes the contents of a store as lines of JSON: a header with
// format and version, an object with one member per thing (post, redaction,
// account, room, sanction, mail, read_mark, flag, act, kept, last_id), and the
// number of those lines at the end, so that a truncated file is noticed. Sessions
// and client IDs are not exported: they belong to connections with this server, and
// the hashes of their tokens are secret.
func WriteExport(w io.Writer, s Store) error {
	b := bufio.NewWriterSize(w, 1<<16)
	buf, err := appendJSON(nil, exportHeader{exportFormat, ExportVersion})
	if err != nil {
		return err
	}
	if _, err := b.Write(buf); err != nil {
		return err
	}
	n := uint64(0)
	for l, err := range s.Export() {
		if err != nil {
			return err
		}
		if buf, err = appendLine(buf[:0], l); err != nil {
			return err
		}
		if _, err := b.Write(buf); err != nil {
			return err
		}
		n++
	}
	if buf, err = appendJSON(buf[:0], exportEnd{n}); err != nil {
		return err
	}
	if _, err := b.Write(buf); err != nil {
		return err
	}
	return b.Flush()
}

// ReadExport imports an export of WriteExport, all of it or nothing. It may be
// repeated. Errors name the line.
func ReadExport(r io.Reader, s Store) error {
	err := s.Import(exportLines(r))
	if err != nil {
		return fmt.Errorf("nothing was imported: %w", err)
	}
	return nil
}

func exportLines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		in := &exportReader{lines: bufio.NewScanner(r)}
		in.lines.Buffer(make([]byte, 0, 1<<16), MaxLine)
		for {
			l, err := in.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				err = fmt.Errorf("line %d: %w", in.at, err)
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// An exportReader reads one export.
type exportReader struct {
	lines *bufio.Scanner
	at    uint64 // the line, from 1
}

// next returns the next part, and io.EOF after a proper end.
func (r *exportReader) next() (Line, error) {
	if r.at == 0 {
		if err := r.scan(); err != nil {
			return Line{}, err
		}
		if err := checkHeader(r.lines.Bytes()); err != nil {
			return Line{}, err
		}
	}
	if err := r.scan(); err != nil {
		return Line{}, err
	}
	n, is := lastLine(r.lines.Bytes())
	if !is {
		return parseLine(r.lines.Bytes())
	}
	if n != r.at-2 {
		return Line{}, fmt.Errorf("%w: %d lines were written, and here are %d", ErrInvalid, n, r.at-2)
	}
	if r.lines.Scan() {
		return Line{}, fmt.Errorf("%w: something after the last line", ErrInvalid)
	}
	return Line{}, io.EOF
}

func (r *exportReader) scan() error {
	r.at++
	if r.lines.Scan() {
		return nil
	}
	switch err := r.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: longer than %d bytes", ErrInvalid, MaxLine)
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: the file was cut short", ErrInvalid)
}

func checkHeader(line []byte) error {
	var h exportHeader
	if err := json.Unmarshal(line, &h); err != nil || h.Format != exportFormat || h.Version < 1 {
		return fmt.Errorf("%w: this is not an export of chatsrv", ErrInvalid)
	}
	if h.Version > ExportVersion {
		return fmt.Errorf("%w: version %d of the format, this chatsrv knows up to %d", ErrNewer, h.Version, ExportVersion)
	}
	return nil
}

// lastLine returns the number in line, if it is the last line.
func lastLine(line []byte) (uint64, bool) {
	var end struct {
		Lines *uint64 `json:"lines"`
	}
	if err := json.Unmarshal(line, &end); err != nil || end.Lines == nil {
		return 0, false
	}
	return *end.Lines, true
}
