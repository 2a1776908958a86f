package certs

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"
)

const day = 24 * time.Hour

// warnings are the times before the end of a certificate at which to warn.
var warnings = []time.Duration{day, 7 * day, 30 * day}

// dueInterval is how often Check renews what ends soon, and checks for warnings.
const dueInterval = time.Hour

// A Report has the results of a Check.
type Report struct {
	// Reloaded is set if the files of the certificates have changed and the new ones are in
	// use.
	Reloaded bool
	// Err is the error of reading changed files or of a renewal: the certificates stay.
	Err error
	// Unsaved is why the keys of session tickets are lost at a restart.
	Unsaved error
	// Warn: the certificate Which ends at Expires, in 30, 7 or 1 days at most, and that was
	// not reported before.
	Warn    bool
	Expires time.Time
	Which   string
}

// Check reads the certificates again if their files have changed since they were read, and
// renews a certificate of the folder and the ticket keys when that is due. Call it every
// minute or so, from one goroutine.
func (k *Keeper) Check() (r Report) {
	k.mu.Lock()
	changed := !slices.EqualFunc(k.seen, k.look(), same)
	if changed {
		r.Err = k.reload()
		r.Reloaded = r.Err == nil
	}
	now := k.o.Now()
	due := !now.Before(k.due)
	if due {
		k.due = now.Add(dueInterval)
	}
	k.mu.Unlock()
	if due {
		r.Unsaved = k.RotateTickets()
		r.Err = errors.Join(r.Err, k.renew(&r))
	}
	if due || changed {
		k.warn(&r, now)
	}
	return r
}

// renew renews a certificate of the folder that ends soon.
func (k *Keeper) renew(r *Report) error {
	if len(k.o.Pairs) > 0 {
		return nil
	}
	before := k.Leaf()
	err := k.issue()
	err = errors.Join(err, k.Reload())
	r.Reloaded = r.Reloaded || !k.Leaf().Equal(before)
	return err
}

// issue has the authority sign another certificate if that in use ends soon or if this machine
// has names and addresses that are missing in it, provided that the passphrase is known.
func (k *Keeper) issue() error {
	c := k.current.Load()
	if c.authority == nil || k.o.Passphrase == nil {
		return nil
	}
	now, leaf := k.o.Now(), c.certs[0].Leaf
	complete := !slices.ContainsFunc(ScopeOf(c.authority).hosts(k.o.Hosts), func(host string) bool { return leaf.VerifyHostname(host) != nil })
	due := !now.Before(leaf.NotAfter.Add(-renewal)) && leaf.NotAfter.Before(c.authority.NotAfter)
	if complete && !due {
		return nil
	}
	passphrase, err := k.o.Passphrase()
	if err != nil {
		return err
	}
	authority, err := OpenAuthority(k.o.Folder, passphrase)
	if err == nil {
		_, err = authority.Issue(k.o.Folder, k.o.Hosts, now)
	}
	return err
}

// warn reports the next of the warnings once.
func (k *Keeper) warn(r *Report, now time.Time) {
	r.Expires, r.Which = k.Expires()
	next := time.Duration(0)
	for _, before := range slices.Backward(warnings) {
		if r.Expires.Sub(now) <= before {
			next = before
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r.Warn = next != 0 && next != k.warned
	k.warned = next
}

// look returns the file infos of the pairs, or of what the authority has; nil for a missing
// file. k.mu is held.
func (k *Keeper) look() (all []fs.FileInfo) {
	var paths []string
	for _, p := range k.o.Pairs {
		paths = append(paths, p.Cert, p.Key)
	}
	if len(paths) == 0 && k.o.Folder != "" {
		paths = append(paths, k.path(SiteFile), k.path(AuthorityFile))
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			info = nil
		}
		all = append(all, info)
	}
	return all
}

// same reports whether a file is the same, and its content, too, judging by its size and
// time.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
