package client

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"time"
)

// Limits and defaults.
const (
	// MinBackoff and MaxBackoff bound the wait before a reconnect: the n-th attempt in
	// a row, counted from 0, waits a random time of less than MinBackoff·2ⁿ, and less
	// than MaxBackoff. The server can ask for a longer one.
	MinBackoff = 500 * time.Millisecond
	MaxBackoff = 30 * time.Second
	// MaxRetryAfter is the longest wait that the server can ask for.
	MaxRetryAfter = time.Hour
	// MaxUnacked is how many messages may wait for their acknowledgement. It is far
	// less than the number of CIDs that the server recognizes.
	MaxUnacked = 128
	// MaxObject is the longest object from the server, in bytes. A longer one ends
	// the connection.
	MaxObject = 8 << 20
	// DefaultBuffer is how many events wait for the user.
	DefaultBuffer = 64
	// DefaultTimeout is the time for a connection to be made, the log-in included.
	DefaultTimeout = 15 * time.Second
	// DefaultIdle is how long a connection may be silent before the client asks for an
	// answer. After as long again without one, so after 20 s in all, the connection is
	// lost.
	DefaultIdle = 10 * time.Second

	maxRequests  = 128              // other requests that are not sent yet
	maxRooms     = 1024             // that are known: a server of ours lets a user into 16
	maxHandshake = 10_000           // objects before a log-in is complete
	quitTimeout  = time.Second      // for the end of a connection
	writeTimeout = 20 * time.Second // for one write
	clockCheck   = 2 * time.Second  // between two looks at the wall clock
	minSleep     = 5 * time.Second  // the shortest sleep of the machine that is noticed
	checkTimeout = 5 * time.Second  // for the answer to a ping after a sleep
)

// Options say where to connect, and as whom.
type Options struct {
	// Network is "tcp" or "unix"; "" means "tcp".
	Network string
	// Address is "HOST:PORT", or the path of a Unix socket.
	Address string
	// TLS encrypts the connection; nil: it is not encrypted. A server gives tokens to
	// clients on other machines only with TLS.
	TLS *TLS

	// Name is the name to log in with. With a Password it is that of an account.
	Name, Password string
	// Register makes the account first.
	Register bool
	// Agent is the program's name and version, for the server.
	Agent string

	// FillGaps fetches the messages that are missing after a Gap. They arrive in one
	// History or several, among other events, and then Filled follows.
	FillGaps bool

	// Objects delivers each object twice, as its event and then as a Raw, but for those
	// that only the client itself uses.
	Objects bool

	// Buffer is how many events wait for the user; 0 means DefaultBuffer.
	Buffer int
	// Timeout and Idle; 0 means DefaultTimeout and DefaultIdle.
	Timeout, Idle time.Duration

	// Connect replaces the dialer. TLS runs on top of the connection that it returns.
	Connect func(ctx context.Context, network, address string) (net.Conn, error)
	// Wait replaces the clock: it waits for d, or returns an error when ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
	// Now replaces the wall clock, which shows whether the machine has slept.
	Now func() time.Time
	// Rand replaces the source of random numbers, of at least 0 and less than 1.
	Rand func() float64
}

// TLS says how the server proves who it is.
type TLS struct {
	// ServerName is the name in its certificate; "" means the host of the address.
	ServerName string
	// Roots are the authorities to trust; nil: those of the system.
	Roots *x509.CertPool
	// Fingerprint is the SHA-256 of its certificate (DER). If it is set, it counts
	// instead of the name, the authorities and the dates.
	Fingerprint [sha256.Size]byte
}

// ErrFingerprint is the error for a server with another certificate than that of
// TLS.Fingerprint.
var ErrFingerprint = errors.New("client: the server's certificate has another fingerprint")

func (t *TLS) config(address string) *tls.Config {
	c := &tls.Config{ServerName: t.ServerName, RootCAs: t.Roots, NextProtos: []string{"chat"}, MinVersion: tls.VersionTLS12}
	if host, _, err := net.SplitHostPort(address); c.ServerName == "" && err == nil {
		c.ServerName = host
	}
	if t.Fingerprint == ([sha256.Size]byte{}) {
		return c
	}
	c.InsecureSkipVerify = true // VerifyConnection verifies it
	c.VerifyConnection = func(s tls.ConnectionState) error {
		sum := sha256.Sum256(s.PeerCertificates[0].Raw)
		if subtle.ConstantTimeCompare(sum[:], t.Fingerprint[:]) == 0 {
			return ErrFingerprint
		}
		return nil
	}
	return c
}

func (o Options) withDefaults() Options {
	if o.Network == "" {
		o.Network = "tcp"
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.Connect == nil {
		o.Connect = new(net.Dialer).DialContext
	}
	if o.Wait == nil {
		o.Wait = Wait
	}
	if o.Now == nil {
		o.Now = wallClock
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return o
}

// Wait is the default of Options.Wait: it waits for d, or returns an error when ctx ends.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wallClock returns the time without a reading of the clock that may stop while the machine
// sleeps.
func wallClock() time.Time { return time.Now().Round(0) }

// backoff returns how long to wait before an attempt to connect, counted from 0. after
// is how long the server has asked to wait.
func (o *Options) backoff(attempt int, after time.Duration) time.Duration {
	most := MaxBackoff
	if attempt < 10 { // 500 ms·2⁶ is more than 30 s
		most = min(MaxBackoff, MinBackoff<<attempt)
	}
	jitter := time.Duration(o.Rand() * float64(most))
	return min(after, MaxRetryAfter) + jitter
}

// dial makes a connection, with TLS if that is wanted.
func (o *Options) dial(ctx context.Context) (net.Conn, error) {
	conn, err := o.Connect(ctx, o.Network, o.Address)
	if err != nil || o.TLS == nil {
		return conn, err
	}
	secure := tls.Client(conn, o.TLS.config(o.Address))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}
