package logs

import (
	"context"
	"log/slog"
)

// A Filter holds the levels that are in force. Its methods may be called from
// any goroutine.
type Filter struct{ levels [len(areas)]slog.LevelVar }

// NewFilter returns a Filter with these levels.
func NewFilter(l Levels) *Filter {
	f := new(Filter)
	f.Set(l)
	return f
}

// Set changes the levels, also of existing loggers.
func (f *Filter) Set(l Levels) {
	for i, level := range l {
		f.levels[i].Set(level)
	}
}

// Handler returns a handler that passes lines that the levels allow to next,
// each with the name of its area. next must be enabled for all levels.
func (f *Filter) Handler(next slog.Handler) slog.Handler {
	h := &handler{filter: f, plain: next}
	return h.in(index(Server))
}

// A handler logs one area. The attribute Key moves it to another, before any
// group is opened.
type handler struct {
	filter *Filter
	area   int
	plain  slog.Handler // with all attributes but the area
	next   slog.Handler // with it
	group  bool
}

var _ slog.Handler = (*handler)(nil)

// in returns the handler of another area.
func (h *handler) in(area int) *handler {
	c := *h
	c.area = area
	c.next = h.plain.WithAttrs([]slog.Attr{In(areas[area].Name)})
	return &c
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.filter.levels[h.area].Level()
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	area, moves := 0, false
	var others []slog.Attr
	for _, a := range attrs {
		if a.Key == Key && !h.group {
			area, moves = index(a.Value.String()), true
			continue
		}
		others = append(others, a)
	}
	c := *h
	if len(others) > 0 {
		c.plain, c.next = h.plain.WithAttrs(others), h.next.WithAttrs(others)
	}
	if moves {
		return c.in(area)
	}
	return &c
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.plain, c.next, c.group = h.plain.WithGroup(name), h.next.WithGroup(name), true
	return &c
}
