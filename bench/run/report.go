package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A verdict is the result of comparing a row with its target.
type verdict uint8

const (
	none     verdict = iota // a row without a target
	met                     //
	unjudged                // the row that it is compared with is missing
	missed                  //
	absent                  // not measured
)

func (v verdict) String() string {
	return [...]string{"", "met", "not judged", "**missed**", "not measured"}[v]
}

// A section is one table.
type section struct {
	id, title, about string
	columns          []string
	rows             []row
}

// A row has the results of one server.
type row struct {
	cells   []string
	ours    bool
	targets []string
	verdict verdict
	notes   []string
}

// newRow makes the row of a server, with the reason in it if there are no results.
func newRow(s server, r series, cells ...string) row {
	w := row{cells: cells, ours: s.ours}
	if err := r.err(); err != nil {
		w.verdict = absent
		w.notes = []string{err.Error()}
	} else if n := r.note(); n != "" {
		w.notes = []string{n}
	}
	return w
}

// target adds a target. Only our own servers have targets; a row gets the worst
// verdict of its targets.
func (w *row) target(s server, text string, v verdict) {
	if s.ours {
		w.targets = append(w.targets, text)
		w.verdict = max(w.verdict, v)
	}
}

func (w *row) remark(s server, format string, values ...any) {
	if s.ours && w.verdict != absent {
		w.notes = append(w.notes, fmt.Sprintf(format, values...))
	}
}

func atMost(value, limit float64) verdict  { return judge(value, value <= limit) }
func atLeast(value, limit float64) verdict { return judge(value, value >= limit) }

func judge(value float64, good bool) verdict {
	switch {
	case math.IsNaN(value):
		return unjudged
	case good:
		return met
	}
	return missed
}

// number formats v with the given decimals, in groups of three digits, and as
// a dash if it is NaN or infinite.
func number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	end := strings.IndexByte(text, '.')
	if end < 0 {
		end = len(text)
	}
	for i := end - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// A machine describes the machine that the numbers depend on.
type machine struct {
	cpu, kernel, platform, version, load string
	cores                                int
}

// thisMachine describes the machine it runs on, as far as /proc tells.
func thisMachine() machine {
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(text))
	}
	m := machine{
		cpu: "unknown", kernel: read("/proc/sys/kernel/osrelease"), load: read("/proc/loadavg"),
		platform: runtime.GOOS + "/" + runtime.GOARCH, version: runtime.Version(), cores: runtime.NumCPU(),
	}
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.cpu = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// render writes the results as Markdown.
func render(m machine, o options, begun time.Time, took time.Duration, sections []section) string {
	var b strings.Builder
	p := func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }
	p("# Results\n")
	p("Written by `go run ./bench/run`. What misses its target stays here as missed; [NOTES.md](NOTES.md) says what was found out. Server and load generator share the machine and")
	p("every server runs with its defaults, but for what a figure says. Values are medians over the rounds, which alternate between the servers; ratios are medians")
	p("of the ratios within each round. CPU is what the kernel charges to the server's process: a kernel that accounts interrupts apart")
	p("leaves the receiving half of loopback out of it, for all servers alike.\n")
	p("| | |\n|---|---|")
	p("| date | %s, took %s |", begun.UTC().Format("2006-01-02 15:04 UTC"), took.Round(time.Second))
	p("| CPU | %s, %d cores |", m.cpu, m.cores)
	p("| system | %s, kernel %s |", m.platform, m.kernel)
	p("| Go | %s |", m.version)
	p("| rounds | %d (F5, L1, S1, S2: 1) |", o.rounds)
	p("| load average at the end | %s |", m.load)
	if len(o.only) > 0 {
		p("| measured | only %s |", strings.Join(o.only, ", "))
	}
	for _, s := range sections {
		p("\n## %s %s\n\n%s\n", s.id, s.title, s.about)
		p("| %s | target | verdict |", strings.Join(s.columns, " | "))
		p("|%s", strings.Repeat("---|", len(s.columns)+2))
		for _, r := range s.rows {
			text := strings.Join(append([]string{r.verdict.String()}, r.notes...), "; ")
			p("| %s | %s | %s |", strings.Join(r.cells, " | "), strings.Join(r.targets, ", "), escape(strings.TrimPrefix(text, "; ")))
		}
	}
	return b.String()
}

// escape keeps a foreign text, such as an error, inside its cell.
func escape(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s)
}
