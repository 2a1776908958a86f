package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store/chatlog"
)

// preflight returns everything that would keep a server with the settings c from
// starting, as far as can be checked without disturbing a running server with the
// same settings. It binds no port and leaves nothing behind. A start and `chatsrv
// check` both call it, so that they agree.
func preflight(c config.Config) error {
	_, noBackend := findBackend(c.Backend)
	errs := []error{noBackend, tryPlaces(c)}
	if c.LogFile != "" {
		errs = append(errs, tryLogFile(c.LogFile))
	}
	if c.Words != "" {
		_, err := readWords(c.Words)
		errs = append(errs, err)
	}
	if c.ChatLog != "" {
		errs = append(errs, chatLogErr(chatlog.Try(c.ChatLog)))
	}
	if speaksTLS(c) {
		for _, pair := range pairs(c) {
			_, err := pair.Leaf()
			errs = append(errs, err)
		}
	}
	if c.Metrics.IsValid() {
		errs = append(errs, tryMetrics(c.Metrics))
	}
	return errors.Join(append(errs, tryData(c))...)
}

// tryPlaces returns an error if c's addresses can't be listened on.
func tryPlaces(c config.Config) error {
	places, err := c.Listeners()
	if err != nil {
		return err
	}
	var errs []error
	for _, place := range places {
		errs = append(errs, server.TryListen(place.Network, place.Address))
	}
	return errors.Join(errs...)
}

// tryMetrics returns an error if the machine does not have the address.
func tryMetrics(at netip.AddrPort) error {
	l, err := net.Listen("tcp", netip.AddrPortFrom(at.Addr(), 0).String())
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return fmt.Errorf("metrics at %s: %w (see --metrics)", at, err)
	}
	return l.Close()
}

// tryData returns an error if the data folder can't be used.
func tryData(c config.Config) error {
	folder, err := dataFolder(c)
	if err != nil || folder == "" {
		return err
	}
	if err := osutil.TryFolder(folder); err != nil {
		return fmt.Errorf("data folder: %w (see --data; --data none stores nothing)", err)
	}
	return nil
}
