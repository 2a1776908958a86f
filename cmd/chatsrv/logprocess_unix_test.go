//go:build unix && !aix && !solaris

// Package syscall makes no FIFOs on AIX, Solaris and illumos.

package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// isSome reports whether a counter is not zero.
func isSome(value string) bool { return value != "" && value != "0" }

func TestAServerOutlivesTheReaderOfItsLog(t *testing.T) {
	for name, pair := range map[string]func() (read, write *os.File, err error){
		"pipe":   os.Pipe,
		"socket": socketPair,
	} {
		t.Run(name, func(t *testing.T) {
			read, write, err := pair()
			if err != nil {
				t.Fatal(err)
			}
			socket := filepath.Join(folder(t), "s")
			cmd := processOf(t, "--bind", "unix:"+socket, "--metrics", "127.0.0.1:0")
			cmd.Stdout, cmd.Stderr = write, write
			p := launch(t, cmd)
			_ = write.Close()
			lines := bufio.NewScanner(read)
			address := ""
			for lines.Scan() && !strings.Contains(lines.Text(), " msg=start ") {
				if strings.Contains(lines.Text(), " msg=metrics ") {
					address = attribute(lines.Text(), "address")
				}
			}
			if err := read.Close(); err != nil {
				t.Fatal(err)
			}
			p.comesAndGoes(socket)
			metric(t, "http://"+address+"/metrics", "chatsrv_log_lines_lost_total", isSome)
			p.comesAndGoes(socket)
			p.stops()
		})
	}
}

func socketPair() (read, write *os.File, err error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	for _, fd := range pair {
		syscall.CloseOnExec(fd)
	}
	return os.NewFile(uintptr(pair[0]), "log"), os.NewFile(uintptr(pair[1]), "log"), nil
}

func TestAToolStillEndsWithItsReader(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = read.Close()
	cmd := processOf(t, "--help")
	cmd.Stdout = write
	if err := launch(t, cmd).wait(); err == nil {
		t.Error("it did not notice that nobody reads it")
	}
	_ = write.Close()
}

func TestALogToAFIFOWithoutAReaderDoesNotBlock(t *testing.T) {
	dir := folder(t)
	fifo, socket := filepath.Join(dir, "log"), filepath.Join(dir, "s")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, err := output(t, processOf(t, "check", "--log-file", fifo)); err != nil || out != "ok\n" {
		t.Errorf("check: %q, %q, %v", out, errs, err)
	}
	cmd := processOf(t, "--bind", "unix:"+socket, "--log-file", fifo)
	told, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, cmd)
	says := bufio.NewReader(told)
	// A reader opens the FIFO, closes it and opens it again. Each time the log says how
	// much it missed.
	for range 2 {
		p.comesAndGoes(socket)
		if line, err := says.ReadString('\n'); err != nil || !strings.Contains(line, "(lines are lost until a process reads it)") {
			t.Errorf("stderr has %q, %v", line, err)
		}
		read, err := os.OpenFile(fifo, os.O_RDWR, 0) // does not wait for the server
		if err != nil {
			t.Fatal(err)
		}
		p.comesAndGoes(socket)
		lines := bufio.NewScanner(read)
		for lines.Scan() && !strings.Contains(lines.Text(), " msg=log_lines_lost ") {
			continue // it follows the lines that could be written
		}
		if count := attribute(lines.Text(), "count"); !isSome(count) {
			t.Errorf("lines lost: %q, %v", lines.Text(), lines.Err())
		}
		if err := read.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p.stops()
}

func TestAnUnreadLogDoesNotDelayTheEnd(t *testing.T) {
	dir := folder(t)
	fifo, socket := filepath.Join(dir, "log"), filepath.Join(dir, "s")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	p := launch(t, processOf(t, "--bind", "unix:"+socket, "--log-file", fifo, "--log-level", "debug"))
	for range 400 { // more than a pipe holds
		p.comesAndGoes(socket)
	}
	p.stops()
}
