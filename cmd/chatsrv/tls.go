package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sudoXpg/netloop/internal/certs"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/logs"
	"github.com/sudoXpg/netloop/internal/web"
)

// certInterval is how often the files of certificates are checked for changes.
const certInterval = time.Minute

// speaksTLS reports whether a server with these settings accepts TLS.
func speaksTLS(c config.Config) bool {
	return c.TLS == config.TLSOn && c.Style != config.StyleClassic
}

// openCerts opens the certificates of a configuration; nil without TLS. folder is the
// data folder, "" for none.
func openCerts(c config.Config, folder string) (*certs.Keeper, error) {
	if !speaksTLS(c) {
		return nil, nil
	}
	o := certs.Options{Pairs: pairs(c), Folder: folder, Hosts: hosts()}
	if c.CAPassphrase != "" {
		o.Passphrase = func() (string, error) { return readPassphrase(c.CAPassphrase) }
	}
	k, err := certs.Open(o)
	if err != nil {
		return nil, fmt.Errorf("%w (see --tls-cert; --tls off does without)", err)
	}
	return k, nil
}

func pairs(c config.Config) (all []certs.Pair) {
	for i, cert := range c.TLSCerts {
		all = append(all, certs.Pair{Cert: cert, Key: c.TLSKeys[i]})
	}
	return all
}

// hosts returns the names and addresses of this machine, for a self-signed certificate.
func hosts() []string {
	all := []string{"localhost"}
	if name, err := os.Hostname(); err == nil && name != "" {
		all = append(all, name)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		addrs = nil
	}
	for _, addr := range addrs {
		if n, ok := addr.(*net.IPNet); ok {
			all = append(all, n.IP.String())
		}
	}
	slices.Sort(all[1:])
	return slices.Compact(all)
}

// logCert logs which certificate is in use.
func logCert(log *journal, k *certs.Keeper) {
	at, which := k.Expires()
	log.With(logs.In(logs.Server)).Info("certificate", slog.String("file", which), slog.Time("expires", at),
		slog.String("fingerprint", certs.Fingerprint(k.Leaf())))
}

// keepCerts reads certificates again when their files have changed, and warns of their
// end, until done is closed.
func keepCerts(log *journal, k *certs.Keeper, done <-chan struct{}) {
	own := log.With(logs.In(logs.Server))
	ticks := time.NewTicker(certInterval)
	defer ticks.Stop()
	for {
		r := k.Check()
		switch {
		case r.Err != nil:
			own.Error("certificate_kept", slog.String("cause", r.Err.Error()), slog.String("remedy", "correct the files; until then the old certificate stays in use"))
		case r.Reloaded:
			logCert(log, k)
		}
		if r.Unsaved != nil {
			own.Warn("tls_tickets_not_saved", slog.String("cause", r.Unsaved.Error()), slog.String("remedy", "make room in the data folder, or make it writable; until then a restart ends TLS sessions"))
		}
		if r.Warn {
			remedy := "replace the file; the server reads it within a minute, or at once on SIGHUP"
			if k.Authority() != nil {
				remedy = "run chatsrv ca issue, or start the server with --ca-passphrase FILE"
			}
			own.Warn("certificate_expires", slog.String("file", r.Which), slog.Time("expires", r.Expires), slog.String("remedy", remedy))
		}
		select {
		case <-ticks.C:
		case <-done:
			return
		}
	}
}

// errNoTLS is for commands that are about certificates.
var errNoTLS = errors.New("there is no TLS with these settings (see --tls and --style)")

// fingerprint prints the hash of the certificate, by which its users can recognize it.
func (p program) fingerprint(args []string) error {
	s, err := config.Load(args, p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return p.help([]string{"fingerprint"})
	case !speaksTLS(s.Config):
		return failure{errNoTLS}
	}
	p.warn(s)
	all := pairs(s.Config)
	if len(all) == 0 {
		folder, err := dataFolder(s.Config)
		if err != nil {
			return failure{err}
		}
		if folder == "" {
			return failure{errors.New("with --data none there is another self-signed certificate at each start: its fingerprint is in the log")}
		}
		path := filepath.Join(folder, certs.SiteFile)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			path = filepath.Join(folder, certs.SelfSigned)
		}
		all = []certs.Pair{{Cert: path, Key: path}}
	}
	for _, pair := range all {
		leaf, err := pair.Leaf()
		if errors.Is(err, os.ErrNotExist) && len(s.Config.TLSCerts) == 0 {
			return failure{fmt.Errorf("there is no certificate %s yet: the server makes it when it starts", pair.Cert)}
		}
		if err != nil {
			return failure{err}
		}
		if _, err := fmt.Fprintf(p.stdout, "sha256 %s %s\n", certs.Fingerprint(leaf), pair.Cert); err != nil {
			return err
		}
	}
	return nil
}

// certificates returns what the page has to know of k, nothing without TLS.
func certificates(k *certs.Keeper) web.Certificates {
	if k == nil {
		return nil
	}
	return k
}
