package main

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/sudoXpg/netloop/internal/bench"
)

// pages is how many people have the page open in W3.
const pages = 50

func browsers(ctx context.Context, d *driver) section {
	s := section{columns: []string{"server", "MiB at the start", "MiB with 50 sessions", "KiB per session"}}
	servers := []server{browsed, onDisk}
	got := map[string]series{}
	for round := range d.options.rounds {
		for _, sv := range servers {
			fmt.Fprintf(d.progress, "W3, round %d: %s\n", round+1, sv.title)
			r, err := d.browse(ctx, sv)
			if err != nil {
				fmt.Fprintf(d.progress, "  %v\n", err)
			}
			got[sv.title] = got[sv.title].with(r, err)
		}
	}
	for _, sv := range servers {
		r := got[sv.title]
		row := newRow(sv, r, sv.title, number(r.median(baseRSS), 1), number(r.median(residentAfter), 1), number(r.median(perConn)/1024, 0))
		row.target(sv, "≤ 30 MiB", atMost(r.median(residentAfter), 30))
		s.rows = append(s.rows, row)
	}
	return s
}

func residentAfter(r bench.Result) float64 { return float64(r.Server.RSSAfter) / (1 << 20) }

// browse measures a server's memory while people have the page open.
func (d *driver) browse(ctx context.Context, s server) (bench.Result, error) {
	r, err := d.start(ctx, s, "")
	if err != nil {
		return bench.Result{}, err
	}
	defer r.stop()
	before, err := bench.ProcessRSS(r.cmd.Process.Pid)
	if err != nil {
		return bench.Result{}, err
	}
	for range pages {
		b := newBrowser()
		defer b.CloseIdleConnections() // a browser keeps its connection, too
		if err := b.open(ctx, "https://"+r.addr+"/"); err != nil {
			return bench.Result{}, err
		}
	}
	got, err := d.generate(ctx, s, r, "-mode", "idle", "-clients", strconv.Itoa(pages), "-duration", "1s")
	got.Server.RSSBefore = before
	got.Server.PerConn = float64(got.Server.RSSAfter-before) / pages
	return got, err
}

// A browser loads pages, over a connection of its own.
type browser struct{ http.Client }

func newBrowser() *browser {
	return &browser{http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // this machine's server, and nothing secret
	}}}
}

// link finds the files of a page.
var link = regexp.MustCompile(`(?:src|href)="([^"#]+)"`)

// open loads a page and the files that it names.
func (b *browser) open(ctx context.Context, page string) error {
	text, err := b.get(ctx, page)
	if err != nil {
		return err
	}
	base, err := url.Parse(page)
	if err != nil {
		return err
	}
	files := link.FindAllSubmatch(text, -1)
	if len(files) == 0 {
		return errors.New("the page names no files")
	}
	for _, file := range files {
		at, err := base.Parse(string(file[1]))
		if err != nil {
			return err
		}
		if _, err := b.get(ctx, at.String()); err != nil {
			return err
		}
	}
	return nil
}

func (b *browser) get(ctx context.Context, address string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	a, err := b.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }()
	if a.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, a.Status)
	}
	body := io.Reader(a.Body)
	if a.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(body)
	_, _ = io.Copy(io.Discard, a.Body) // so that the connection can be used again
	return text, err
}
