// Command run compares this repository's servers with the same broadcaster over
// other libraries, side by side on one machine, and writes bench/RESULTS.md.
//
//	go run ./bench/run                     everything, in about half an hour
//	go run ./bench/run -only F1,F4         some figures, to standard output
//	go run ./bench/run -rounds 1 -stall 10s
//
// It starts every server and every load itself, on free ports of 127.0.0.1,
// alternating between the servers so that a disturbance of the machine affects
// all of them, and compares medians of ratios within a round. Absolute numbers
// depend on the machine; the targets are ratios.
//
// The exit code is 1 if a row of this repository's own servers is missing. A
// missed target is a result, not a failure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// limit ends a comparison that hangs.
const limit = time.Hour

type options struct {
	only   []string
	rounds int
	stall  time.Duration
	// messages is how many messages F9 searches and F10 starts with.
	messages int
	// people is how many users log in at once in L1.
	people int
	// resuming and broadcasts are the clients of S1 and what is said to them.
	resuming, broadcasts int
	output               string // "": bench/RESULTS.md, or standard output with -only
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, limit)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parse returns flag.ErrHelp once it has printed the flags.
func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	var only string
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&only, "only", "", "figures to measure, as F1,F4 (default all)")
	f.IntVar(&o.rounds, "rounds", 3, "rounds; the table shows medians")
	f.DurationVar(&o.stall, "stall", time.Minute, "length of F5's load with stalled readers; without them it is half of that")
	f.IntVar(&o.messages, "messages", million, "messages that F9 searches and F10 starts with; with fewer there is no verdict")
	f.IntVar(&o.people, "people", people, "people who log in at once in L1; with fewer there is no verdict")
	f.IntVar(&o.resuming, "resuming", resuming, "clients of S1, and of S2 for each two of which there are five; with fewer there is no verdict on times")
	f.IntVar(&o.broadcasts, "broadcasts", broadcasts, "broadcasts in S1, one a second; with fewer there is no verdict on times")
	f.StringVar(&o.output, "o", "", "file to write (default bench/RESULTS.md; with -only, standard output)")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.SetOutput(stdout)
			f.Usage()
		}
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.rounds < 1 || o.stall < 2*time.Second || o.messages < 1000 || o.people < 1 || o.resuming < 2 || o.broadcasts < 1 {
		return o, errors.New("at least one -rounds, 2s of -stall, 1000 -messages, one of -people, two of -resuming, and one of -broadcasts")
	}
	for id := range strings.SplitSeq(only, ",") {
		if id = strings.ToUpper(strings.TrimSpace(id)); id == "" {
			continue
		}
		if !slices.ContainsFunc(figures, func(f figure) bool { return f.id == id }) {
			return o, fmt.Errorf("-only: no figure %s", id)
		}
		o.only = append(o.only, id)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	d := &driver{options: o, dir: dir, progress: stderr}
	begun := time.Now()
	if err := d.build(ctx, root); err != nil {
		return err
	}
	defer d.stopWine()
	var sections []section
	for _, f := range figures {
		if len(o.only) == 0 || slices.Contains(o.only, f.id) {
			s := f.measure(ctx, d)
			s.id, s.title, s.about = f.id, f.title, f.about
			sections = append(sections, s)
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("stopped before the end: %w", err)
	}
	text := render(thisMachine(), o, begun, time.Since(begun), sections)
	switch {
	case o.output == "" && len(o.only) > 0:
		_, err = io.WriteString(stdout, text)
	case o.output == "":
		err = os.WriteFile(filepath.Join(root, "bench", "RESULTS.md"), []byte(text), 0o644)
	default:
		err = os.WriteFile(o.output, []byte(text), 0o644)
	}
	if err != nil {
		return err
	}
	return missing(sections)
}

// missing is an error that names our own rows that could not be measured.
func missing(sections []section) error {
	var rows []string
	for _, s := range sections {
		for _, r := range s.rows {
			if r.ours && r.verdict == absent {
				rows = append(rows, s.id+" "+strings.Join(r.cells[:min(2, len(r.cells))], " "))
			}
		}
	}
	if len(rows) > 0 {
		return fmt.Errorf("our own rows are missing: %s", strings.Join(rows, "; "))
	}
	return nil
}
