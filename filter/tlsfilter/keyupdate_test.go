package tlsfilter

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// A sealer makes records of TLS 1.3 from a traffic secret, because crypto/tls has no way
// to request a key update (RFC 8446, sections 4.6.3, 5.2 and 7.2).
type sealer struct {
	testing.TB
	suite  uint16
	secret []byte
	seq    uint64
}

func (s *sealer) hash() func() hash.Hash {
	if s.suite == tls.TLS_AES_256_GCM_SHA384 {
		return sha512.New384
	}
	return sha256.New
}

// expand is HKDF-Expand-Label with an empty context.
func (s *sealer) expand(label string, size int) []byte {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(size))
	info = append(info, byte(len(label)))
	info = append(append(info, label...), 0)
	out, err := hkdf.Expand(s.hash(), s.secret, string(info), size)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *sealer) aead() (aead cipher.AEAD) {
	var err error
	switch s.suite {
	case tls.TLS_CHACHA20_POLY1305_SHA256:
		aead, err = chacha20poly1305.New(s.expand("key", chacha20poly1305.KeySize))
	default:
		size := 16
		if s.suite == tls.TLS_AES_256_GCM_SHA384 {
			size = 32
		}
		var block cipher.Block
		if block, err = aes.NewCipher(s.expand("key", size)); err == nil {
			aead, err = cipher.NewGCM(block)
		}
	}
	if err != nil {
		s.Fatal(err)
	}
	return aead
}

func (s *sealer) record(kind byte, content []byte) []byte {
	aead := s.aead()
	nonce := s.expand("iv", aead.NonceSize())
	for i := range 8 {
		nonce[len(nonce)-1-i] ^= byte(s.seq >> (8 * i))
	}
	s.seq++
	inner := append(bytes.Clone(content), kind)
	header := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(inner)+aead.Overhead()))
	return aead.Seal(header, nonce, inner, header)
}

// update makes a KeyUpdate and changes to the next key.
func (s *sealer) update(request byte) []byte {
	raw := s.record(typeHandshake, []byte{24, 0, 0, 1, request})
	s.secret, s.seq = s.expand("traffic upd", s.hash()().Size()), 0
	return raw
}

// sealing returns a server after the handshake, its client, and a sealer for records of
// the client.
func sealing(t *testing.T) (server, client *filter, s *sealer) {
	t.Helper()
	var log bytes.Buffer
	config := &tls.Config{Certificates: []tls.Certificate{testcert.New("a.test")}}
	other := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, KeyLogWriter: &log} //nolint:gosec // self-signed
	a := newSteps(func(f *filter) { f.tls = tls.Server(&f.wire, config) }, func() {})
	b := newSteps(func(f *filter) { f.tls = tls.Client(&f.wire, other) }, func() {})
	shakeHands(t, a, b, 1<<20)
	s = &sealer{TB: t, suite: b.filter.tls.ConnectionState().CipherSuite}
	for line := range strings.Lines(log.String()) {
		if words := strings.Fields(line); words[0] == "CLIENT_TRAFFIC_SECRET_0" {
			var err error
			if s.secret, err = hex.DecodeString(words[2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return a.filter, b.filter, s
}

func TestAKeyUpdateIsAnsweredIfItAsksForThat(t *testing.T) {
	for _, request := range []byte{0, 1} {
		server, client, s := sealing(t)
		raw := append(s.record(23, []byte("before, ")), s.update(request)...)
		raw = append(raw, s.record(23, []byte("after"))...)
		if got, err := pass(t, server, raw, 1); string(got) != "before, after" || err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
			t.Fatalf("request %d: %q, %v", request, got, err)
		}
		answer := server.Seal(nil, nil)
		if (len(answer) > 0) != (request == 1) {
			t.Errorf("request %d is answered with %d bytes", request, len(answer))
		}
		answer = append(answer, server.Seal(nil, []byte("reply"))...)
		if got, err := pass(t, client, answer, 1); string(got) != "reply" || err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
			t.Errorf("request %d: the client reads %q, %v", request, got, err)
		}
	}
}

// A peer can't make the server answer forever.
func TestAFloodOfKeyUpdatesEndsTheConnection(t *testing.T) {
	server, _, s := sealing(t)
	answers := 0
	for n := range 100 {
		_, err := pass(t, server, s.update(1), 1<<20)
		answers += len(server.Seal(nil, nil))
		if err != eventloop.ErrWouldBlock { //nolint:errorlint // bare
			if answers > 2000 {
				t.Errorf("%d bytes were answered to %d key updates", answers, n)
			}
			return
		}
	}
	t.Error("100 key updates in a row are all answered")
}
