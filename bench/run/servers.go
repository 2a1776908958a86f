package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/bench"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// module is the path of this module.
const module = "github.com/sudoXpg/netloop"

// A server is one of the servers that are compared.
type server struct {
	name  string // of its binary
	title string
	ours  bool
	login bench.Dialect
	args  func(port, greeting string) []string
	wine  bool // it runs under Wine
	tls   bool // the load generator connects with TLS
	// websocket: the load generator connects by WebSocket; deflate: it offers permessage-deflate.
	websocket, deflate bool
	// folder makes the folder for --data; nil: args are complete.
	folder func(context.Context, *driver) (string, error)
}

// The servers, by their names in figures.go.
var (
	bare    = server{name: "bare", title: "**bare**: our loop, one Topic", ours: true, login: bench.LoginNone, args: peerArgs}
	classic = server{name: "chatsrv", title: "**chatsrv --style classic**", ours: true, login: bench.LoginClassic, args: chatsrvArgs("classic")}
	full    = server{name: "chatsrv", title: "**chatsrv**, default style", ours: true, login: bench.LoginDefault, args: chatsrvArgs("default", "--data", "none")}
	stored  = ofFolder("**chatsrv**, default style, history on disk", emptyFolder)
	whole   = ofFolder("**chatsrv**, everything on", emptyFolder, "--words", wordsFile)
	free    = ofFolder("**chatsrv**, everything on but flood control", emptyFolder, "--words", wordsFile, "--flood-control=false")
	peopled = ofFolder("**chatsrv**, everything on", peopledFolder, "--words", wordsFile)
	shipped = asShipped("**chatsrv**, default style", "--data", "none")
	calm    = asShipped("**chatsrv**, no flood control", "--data", "none", "--flood-control=false")
	inJSON  = speakingJSON(asShipped("**chatsrv**, JSON", "--data", "none", "--flood-control=false"))
	kept    = speakingJSON(server{name: "chatsrv", title: "**chatsrv**, history on disk", ours: true, args: shippedArgs(), folder: emptyFolder})
	socket  = framed(inJSON, "**chatsrv**, WebSocket", false)
	deflate = framed(inJSON, "**chatsrv**, WebSocket, compression agreed on", true)
	wsecho  = framed(server{name: "wsecho", ours: true, login: bench.LoginEcho, args: wsechoArgs}, "**wsecho**: our loop, filter/ws", false)
	browsed = secured(framed(speakingJSON(shipped), "**chatsrv**, history in memory", true))
	onDisk  = secured(framed(kept, "**chatsrv**, history on disk", true))
	bareTLS = secured(bare)
	calmTLS = secured(calm)
	fullTLS = secured(shipped)
	stdTLS  = secured(stdnet)
	inC     = server{name: "c", title: "C reference", login: bench.LoginNone, args: peerArgs}
	shared  = server{name: "netpollshared", title: "netpoll, coalescing above it", login: bench.LoginNone, args: peerArgs}
	plain   = server{name: "netpoll", title: "netpoll", login: bench.LoginNone, args: peerArgs}
	gnet    = server{name: "gnet", title: "gnet", login: bench.LoginNone, args: peerArgs}
	nbio    = server{name: "nbio", title: "nbio", login: bench.LoginNone, args: peerArgs}
	stdnet  = server{name: "stdnet", title: "std net", login: bench.LoginNone, args: peerArgs}
	gws     = echoPeer("gws", "gws")
	nbiows  = echoPeer("nbiows", "nbio, WebSocket")
	gorilla = echoPeer("gorilla", "gorilla/websocket")
	coder   = echoPeer("coder", "coder/websocket")
)

func peerArgs(port, greeting string) []string {
	if greeting == "" {
		return []string{port}
	}
	return []string{port, greeting}
}

// chatsrvArgs starts chatsrv as a user would, its log written to a file.
func chatsrvArgs(style string, more ...string) func(port, greeting string) []string {
	return func(port, _ string) []string {
		return append([]string{"-p", port, "-b", "127.0.0.1", "--style", style, "--sniff-window", "0"}, more...)
	}
}

// asShipped is chatsrv with its defaults, the sniff window among them.
func asShipped(title string, more ...string) server {
	return server{name: "chatsrv", title: title, ours: true, login: bench.LoginDefault, args: shippedArgs(more...)}
}

// shippedArgs are the arguments that say where to listen, and more.
func shippedArgs(more ...string) func(port, greeting string) []string {
	return func(port, _ string) []string { return append([]string{"-p", port, "-b", "127.0.0.1"}, more...) }
}

// speakingJSON is a server whose clients speak JSON.
func speakingJSON(s server) server {
	s.login = bench.LoginJSON
	return s
}

// framed is a server whose clients connect by WebSocket.
func framed(s server, title string, deflate bool) server {
	s.title, s.websocket, s.deflate = title, true, deflate
	return s
}

// echoPeer is one of the peers that are WebSocket servers.
func echoPeer(name, title string) server {
	return framed(server{name: name, login: bench.LoginEcho, args: peerArgs}, title, false)
}

func wsechoArgs(port, _ string) []string { return []string{"-port", port} }

// secured is a server whose clients speak TLS.
func secured(s server) server {
	s.title += ", TLS"
	s.tls = true
	args := s.args
	s.args = func(port, greeting string) []string {
		if s.name == "chatsrv" { // a busy load generator may begin later than the sniff window allows
			return append([]string{"--listen", "tls://127.0.0.1:" + port}, args(port, greeting)[4:]...)
		}
		return append([]string{"-tls", certFile}, args(port, greeting)...)
	}
	return s
}

// ofFolder is chatsrv in its default style with a data folder.
func ofFolder(title string, folder func(context.Context, *driver) (string, error), more ...string) server {
	return server{name: "chatsrv", title: title, ours: true, login: bench.LoginDefault, args: chatsrvArgs("default", more...), folder: folder}
}

// A driver builds, starts and loads.
type driver struct {
	options
	dir      string
	progress io.Writer
	absent   map[string]error // by name: why there is no binary
	filled   *archive         // nil until it is needed
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("find %s (run me inside the repository): %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// build compiles everything. Only the load generator must succeed: a server
// that can't be built is reported in its rows.
func (d *driver) build(ctx context.Context, root string) error {
	d.absent = map[string]error{}
	if err := os.WriteFile(d.binary(wordsFile), wordList(unwanted), 0o600); err != nil {
		return err
	}
	if err := writeCert(d.binary(certFile)); err != nil {
		return err
	}
	if err := d.goBuild(ctx, root, "cmd/chatbench", "chatbench"); err != nil {
		return err
	}
	d.buildPeers(ctx, root)
	d.absent["bare"] = d.goBuild(ctx, root, "bench/bare", "bare")
	d.absent["chatsrv"] = d.goBuild(ctx, root, "cmd/chatsrv", "chatsrv")
	d.absent["wsecho"] = d.goBuild(ctx, root, "examples/wsecho", "wsecho")
	d.absent[windowsServer] = d.buildForWine(ctx, root)
	cc := cmp.Or(os.Getenv("CC"), "cc")
	if _, err := exec.LookPath(cc); err != nil {
		d.absent["c"] = errors.New("no C compiler on this machine")
	} else {
		d.absent["c"] = d.compile(ctx, root, cc, "-O2", "-o", d.binary("c"), filepath.Join("bench", "peers", "c", "cbest.c"))
	}
	return nil
}

// buildPeers compiles the module of the peers; the dependencies of each may be
// missing.
func (d *driver) buildPeers(ctx context.Context, root string) {
	for _, name := range []string{"netpollshared", "netpoll", "gnet", "nbio", "stdnet", "gws", "nbiows", "gorilla", "coder"} {
		d.absent[name] = d.goBuild(ctx, filepath.Join(root, "bench", "peers"), name, name)
	}
}

func (d *driver) goBuild(ctx context.Context, dir, pkg, name string) error {
	return d.compile(ctx, dir, "go", "build", "-trimpath", "-o", d.binary(name), "./"+pkg)
}

func (d *driver) compile(ctx context.Context, dir, command string, args ...string) error {
	c := exec.CommandContext(ctx, command, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0") // as the project is built
	if out, err := c.CombinedOutput(); err != nil {
		fmt.Fprintf(d.progress, "%s\n%s", c, out)
		return fmt.Errorf("does not build: %w", err)
	}
	return nil
}

func (d *driver) binary(name string) string { return filepath.Join(d.dir, name) }

// A running server.
type running struct {
	cmd    *exec.Cmd
	addr   string
	log    string
	begun  time.Time
	exited chan struct{} // closed once err is set
	err    error
}

// start runs a server on a free port and waits until it accepts.
func (d *driver) start(ctx context.Context, s server, greeting string) (*running, error) {
	r, err := d.launch(ctx, s, greeting)
	if err != nil {
		return nil, err
	}
	if _, err := r.accepting(ctx, 10*time.Millisecond); err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// launch runs a server on a free port.
func (d *driver) launch(ctx context.Context, s server, greeting string) (*running, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return d.launchAt(ctx, s, addr, greeting)
}

// launchAt runs a server.
func (d *driver) launchAt(ctx context.Context, s server, addr, greeting string) (*running, error) {
	if err := d.absent[s.name]; err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(d.binary("log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the server has its own
	words := append([]string{d.binary(s.name)}, s.args(port, greeting)...)
	if s.folder != nil {
		folder, err := s.folder(ctx, d)
		if err != nil {
			return nil, err
		}
		words = append(words, "--data", folder)
	}
	if s.wine {
		words = append(d.wine(), words...)
	}
	r := &running{cmd: exec.CommandContext(ctx, words[0], words[1:]...), addr: addr, log: log.Name(), exited: make(chan struct{})}
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = d.dir, log, log
	r.begun = time.Now()
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.exited)
	}()
	return r, nil
}

// certFile has the certificate and the key of the servers that are no chatsrv, in the folder
// that they run in.
const certFile = "cert.pem"

func writeCert(file string) error {
	pair := testcert.New("localhost")
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	return os.WriteFile(file, append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...), 0o600)
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// accepting waits until the server takes connections, 10 s at most, and returns
// how long that took since its start. It tries again at that interval.
func (r *running) accepting(ctx context.Context, often time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	again := time.NewTicker(often)
	defer again.Stop()
	var dialer net.Dialer
	for {
		if c, err := dialer.DialContext(ctx, "tcp4", r.addr); err == nil {
			return time.Since(r.begun), c.Close()
		}
		select {
		case <-r.exited:
			return 0, fmt.Errorf("does not start: %w: %s", r.err, r.lastWords())
		case <-ctx.Done():
			return 0, fmt.Errorf("does not accept: %w", ctx.Err())
		case <-again.C:
		}
	}
}

// lastWords returns the end of the server's output.
func (r *running) lastWords() string {
	text, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(lines[len(lines)-1])
}

// stop ends the server at once; there is nothing to save.
func (r *running) stop() {
	_ = r.cmd.Process.Kill()
	<-r.exited
}

// quit stops the server gracefully, within 10 s.
func (r *running) quit() error {
	late := time.AfterFunc(10*time.Second, func() { _ = r.cmd.Process.Kill() })
	defer late.Stop()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	<-r.exited
	return r.err
}

// load runs the load generator against a fresh server.
func (d *driver) load(ctx context.Context, s server, greeting string, flags ...string) (bench.Result, error) {
	r, err := d.start(ctx, s, greeting)
	if err != nil {
		return bench.Result{}, err
	}
	defer r.stop()
	return d.generate(ctx, s, r, flags...)
}

// generate runs the load generator against a running server.
func (d *driver) generate(ctx context.Context, s server, r *running, flags ...string) (bench.Result, error) {
	var result bench.Result
	file := d.binary("result.json")
	for flag, on := range map[string]bool{"-tls": s.tls, "-websocket": s.websocket, "-deflate": s.deflate} {
		if on {
			flags = append(flags, flag)
		}
	}
	args := append([]string{
		"-addr", r.addr, "-pid", strconv.Itoa(r.cmd.Process.Pid), "-login", string(s.login), "-setup", "30s", "-json", file,
	}, flags...)
	out, err := exec.CommandContext(ctx, d.binary("chatbench"), args...).CombinedOutput()
	if err != nil {
		return result, errors.New(strings.TrimPrefix(lastLine(out), "chatbench: bench: "))
	}
	return readResult(file)
}
