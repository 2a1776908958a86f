package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/certs"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/osutil"
)

// caActions are what can be done with the site's authority.
var caActions = []struct {
	name, help string
	permits    bool // takes --permit
	do         func(p program, c config.Config, folder string, permit []string) error
}{
	{"init", "Make the authority, and sign the server's certificate", true, program.caInit},
	{"issue", "Sign the server's certificate again: for 90 more days, and new names and addresses of this machine", false, program.caIssue},
	{"show", "Print the authority's fingerprint and scope, and the server's certificate", false, program.caShow},
}

const caUsage = "usage: chatsrv ca init [--permit NAME|ADDRESS|CIDR ...] [flags], chatsrv ca issue [flags], or chatsrv ca show [flags]"

// caHelp is the text of chatsrv help ca before the actions.
const caHelp = `Usage: chatsrv ca ACTION [flags]

Makes and uses an authority of the site's own, whose certificates browsers accept
without a warning once a user has trusted it: see http://HOST:PORT/trust of the
running server. It can sign only for names and addresses of its scope: those of
--permit (repeatable: a name with all names below it, an address or a network),
or else those that this machine has now, and always localhost.

Its key is in the data folder, encrypted with a passphrase, which is prompted for,
or read from standard input, or from the file of --ca-passphrase. A server with
that flag renews its certificate by itself.

    chatsrv ca init --name "Hill School" --permit chat.hill.lan --permit 10.1.0.0/16
    chatsrv ca issue
    chatsrv ca show

Other flags that matter are --data and --name.

Actions:
`

// writeCAHelp prints caHelp, and the actions.
func writeCAHelp(p program) error {
	text := caHelp
	for _, a := range caActions {
		text += fmt.Sprintf("  %-8s %s\n", a.name, a.help)
	}
	_, err := fmt.Fprint(p.stdout, text)
	return err
}

// ca makes or uses the authority of the site.
func (p program) ca(args []string) error {
	permit, args, err := takePermits(args)
	if err != nil {
		return err
	}
	s, words, err := config.LoadWords(args, p.env)
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return writeCAHelp(p)
	case len(words) != 1:
		return &config.UsageError{Problem: caUsage}
	}
	var names []string
	for _, a := range caActions {
		names = append(names, a.name)
		switch {
		case a.name != words[0]:
			continue
		case len(permit) > 0 && !a.permits:
			return &config.UsageError{Problem: "--permit belongs to chatsrv ca init: the scope of an authority can't be changed"}
		}
		p.warn(s)
		folder, err := storingFolder(s.Config)
		switch {
		case err != nil:
			return failure{err}
		case !speaksTLS(s.Config):
			return failure{errNoTLS}
		}
		err = a.do(p, s.Config, folder, permit)
		if _, usage := errors.AsType[*config.UsageError](err); err == nil || usage {
			return err
		}
		return failure{err}
	}
	hint := caUsage
	if near, ok := nearest.Find(words[0], names); ok {
		hint = "did you mean " + near + "?"
	}
	return &config.UsageError{Problem: fmt.Sprintf("unknown action %q of chatsrv ca (%s)", words[0], hint)}
}

// takePermits returns the values of --permit, which is no setting of a server, and the other
// arguments.
func takePermits(args []string) (permit, rest []string, err error) {
	const flag = "--permit"
	for i := 0; i < len(args); i++ {
		value, joined := strings.CutPrefix(args[i], flag+"=")
		switch {
		case args[i] == "--":
			return permit, append(rest, args[i:]...), nil
		case joined:
			permit = append(permit, value)
		case args[i] != flag:
			rest = append(rest, args[i])
		case i+1 == len(args) || strings.HasPrefix(args[i+1], "-"):
			return nil, nil, &config.UsageError{Problem: flag + " needs a name, an address or a network such as 192.168.1.0/24"}
		default:
			i++
			permit = append(permit, args[i])
		}
	}
	return permit, rest, nil
}

func (p program) caInit(c config.Config, folder string, permit []string) error {
	if len(permit) == 0 {
		permit = lasting(hosts())
	}
	scope, err := certs.ParseScope(permit)
	if err != nil {
		return &config.UsageError{Problem: err.Error()}
	}
	site := c.Name
	if site == "" || site == config.DefaultName {
		if host, err := os.Hostname(); err == nil && host != "" {
			site = host
		}
	}
	if err := osutil.MakeFolder(folder); err != nil {
		return err
	}
	if _, err := certs.ReadAuthority(folder); err == nil {
		return authorityExists(folder)
	}
	passphrase, err := p.newPassphrase(c)
	if err != nil {
		return err
	}
	now := time.Now()
	a, err := certs.NewAuthority(site, scope, now)
	if err != nil {
		return err
	}
	switch err := a.Save(folder, passphrase); {
	case errors.Is(err, certs.ErrAuthorityExists):
		return authorityExists(folder)
	case err != nil:
		return err
	}
	leaf, err := a.Issue(folder, hosts(), now)
	if err = errors.Join(err, giveBackCerts(folder)); err != nil {
		return err
	}
	if err := p.printAuthority(c, folder, a.Cert, leaf); err != nil {
		return err
	}
	how := "Users open http://HOST:PORT/trust on their devices and follow the steps there."
	if !c.Web {
		how = "With --web=false there is no page that helps users: give them " + certs.AuthorityFile + "."
	}
	_, err = fmt.Fprintf(p.stdout, "%s\nGive them the fingerprint in some other way, so that they can compare it.\n", how)
	return err
}

// authorityExists says what to do about an authority in the way of another one.
func authorityExists(folder string) error {
	return fmt.Errorf("there is an authority in %s already (chatsrv ca show); to make another one, which all users have to trust anew, move %s and %s away first",
		folder, certs.AuthorityFile, certs.AuthorityKey)
}

func (p program) caIssue(c config.Config, folder string, _ []string) error {
	if _, err := certs.ReadAuthority(folder); err != nil {
		return explainAuthority(err, folder)
	}
	passphrase, err := p.passphrase(c)
	if err != nil {
		return err
	}
	a, err := certs.OpenAuthority(folder, passphrase)
	if err != nil {
		return explainAuthority(err, folder)
	}
	leaf, err := a.Issue(folder, hosts(), time.Now())
	if err = errors.Join(err, giveBackCerts(folder)); err != nil {
		return err
	}
	return p.printLeaf(c, folder, leaf)
}

func (p program) caShow(c config.Config, folder string, _ []string) error {
	root, err := certs.ReadAuthority(folder)
	if err != nil {
		return explainAuthority(err, folder)
	}
	path := filepath.Join(folder, certs.SiteFile)
	leaf, err := certs.Pair{Cert: path, Key: path}.Leaf()
	if errors.Is(err, fs.ErrNotExist) {
		leaf, err = nil, nil
	}
	if err != nil {
		return err
	}
	return p.printAuthority(c, folder, root, leaf)
}

// explainAuthority adds to an error what to do if there is no authority.
func explainAuthority(err error, folder string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no authority in %s (chatsrv ca init makes one; see --data)", folder)
	}
	return err
}

// printAuthority prints what users and operators need to know of an authority. leaf is nil if
// there is none.
func (p program) printAuthority(c config.Config, folder string, root, leaf *x509.Certificate) error {
	_, err := fmt.Fprintf(p.stdout, "authority    %s\nfile         %s\nvalid until  %s\nsigns for    %s\nsha256       %s\n",
		root.Subject.CommonName, filepath.Join(folder, certs.AuthorityFile), root.NotAfter.Format(time.DateOnly),
		certs.ScopeOf(root), certs.Fingerprint(root))
	switch {
	case err != nil:
		return err
	case leaf == nil:
		_, err = fmt.Fprintln(p.stdout, "The server has no certificate of it yet: chatsrv ca issue makes one.")
		return err
	}
	if leaf.CheckSignatureFrom(root) != nil {
		_, err = fmt.Fprintf(p.stdout, "The server's certificate, %s, is of another authority: chatsrv ca issue replaces it.\n", filepath.Join(folder, certs.SiteFile))
		return err
	}
	return p.printLeaf(c, folder, leaf)
}

func (p program) printLeaf(c config.Config, folder string, leaf *x509.Certificate) error {
	names := append([]string{}, leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	var outside []string
	for _, host := range lasting(hosts()) {
		if leaf.VerifyHostname(host) != nil {
			outside = append(outside, host)
		}
	}
	if len(outside) > 0 {
		names[len(names)-1] += "\nnot for      " + strings.Join(outside, ", ")
	}
	use, renewal := "A running server uses it within a minute.", "Renew it with chatsrv ca issue, or let the server do it (--ca-passphrase FILE)."
	if len(c.TLSCerts) > 0 {
		use = "The server does not use it: it has --tls-cert."
	}
	if c.CAPassphrase != "" {
		renewal = "The server renews it by itself, 30 days before."
	}
	_, err := fmt.Fprintf(p.stdout, "certificate  %s\nvalid until  %s\nfor          %s\n%s\n%s\n",
		filepath.Join(folder, certs.SiteFile), leaf.NotAfter.Format(time.DateOnly), strings.Join(names, ", "), use, renewal)
	return err
}

// lasting returns the hosts without addresses that mean nothing to other machines (RFC 4291,
// section 2.5.6; RFC 3927), and with the name that this machine has by multicast DNS (RFC 6762).
func lasting(hosts []string) (all []string) {
	for _, host := range hosts {
		if addr, err := netip.ParseAddr(host); err == nil && addr.IsLinkLocalUnicast() {
			continue
		}
		all = append(all, host)
	}
	if name, err := os.Hostname(); err == nil && name != "" && !strings.Contains(name, ".") {
		all = append(all, name+".local")
	}
	return all
}

// giveBackCerts changes the owner of files that root has made to the user of the server.
func giveBackCerts(folder string) error {
	return osutil.GiveToOwner(folder, certs.AuthorityFile, certs.AuthorityKey, certs.SiteFile)
}

// newPassphrase is passphrase for a new authority: on a terminal it asks twice.
func (p program) newPassphrase(c config.Config) (string, error) {
	first, err := p.passphrase(c)
	switch {
	case err != nil:
		return "", err
	case len(first) < certs.MinPassphrase:
		return "", fmt.Errorf("the passphrase is shorter than %d bytes", certs.MinPassphrase)
	case c.CAPassphrase != "" || p.stdin == nil || !osutil.IsTerminal(p.stdin):
		return first, nil
	}
	again, err := p.secret("The same again: ")
	if err == nil && again != first {
		err = errors.New("the passphrases differ; nothing was made")
	}
	return first, err
}

// passphrase returns the passphrase of the authority.
func (p program) passphrase(c config.Config) (string, error) {
	if c.CAPassphrase != "" {
		return readPassphrase(c.CAPassphrase)
	}
	return p.secret("Passphrase of the authority: ")
}

func (p program) secret(question string) (string, error) {
	secret, err := osutil.ReadSecret(p.stdin, p.stderr, question)
	if err != nil {
		return "", fmt.Errorf("no passphrase was given: %w", err)
	}
	return secret, nil
}

// readPassphrase reads the file of --ca-passphrase.
func readPassphrase(path string) (string, error) {
	secret, err := osutil.ReadSecretFile(path)
	if err != nil {
		return "", fmt.Errorf("the passphrase of the authority: %w (see --ca-passphrase)", err)
	}
	return secret, nil
}
