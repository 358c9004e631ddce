package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/gonng/gonng/transport"
)

// secure is the TLS handshake, before the one of the Scalability Protocols.
// The deadline is set already.
func secure(ctx context.Context, t *tls.Conn, cfg *transport.Config) error {
	if err := t.HandshakeContext(ctx); err != nil {
		return TLSError(err, len(t.ConnectionState().PeerCertificates) > 0, cfg)
	}
	return nil
}

// TLSError says why the handshake failed with err. By then crypto/tls may have
// accepted the certificates of the peer.
func TLSError(err error, accepted bool, cfg *transport.Config) error {
	var header tls.RecordHeaderError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the peer did not finish the TLS handshake in %v: %w", cfg.HandshakeTimeout, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the peer closed the connection during the TLS handshake: %w", io.ErrUnexpectedEOF)
	case errors.As(err, &header) && strings.HasPrefix(string(header.RecordHeader[:]), "\x00SP"):
		return fmt.Errorf("%w: the peer speaks without TLS, as a tcp:// peer does: %w", transport.ErrCrypto, err)
	case errors.As(err, &header) && strings.HasPrefix(string(header.RecordHeader[:]), "GET /"):
		return fmt.Errorf("%w: the peer speaks HTTP without TLS, as a ws:// peer does: %w", transport.ErrCrypto, err)
	case accepted && foreign(err):
		return fmt.Errorf("%w: TLS handshake: %w", transport.ErrPeerAuth, err)
	}
	return fmt.Errorf("TLS handshake: %w", err)
}

// foreign reports whether err comes from a function of the program that
// verifies peers, which may return anything: crypto/tls passes it on as it is.
func foreign(err error) bool {
	var network net.Error
	return !errors.As(err, &network) && !strings.Contains(err.Error(), "tls: ")
}

// TLS implements transport.Secured.
func (c *conn) TLS() *tls.ConnectionState { return TLS(c.Conn) }

// TLS is the state of the TLS connection nc, or nil if it is none.
func TLS(nc net.Conn) *tls.ConnectionState {
	t, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	state := t.ConnectionState()
	return &state
}

// goodbyeTime is how long the goodbye of TLS may wait for room in the
// operating system's buffers. crypto/tls would give it five seconds, and so
// would a Close that ends a peer who does not read.
const goodbyeTime = 20 * time.Millisecond

// closer is how to close nc.
func closer(nc net.Conn) func() error {
	t, ok := nc.(*tls.Conn)
	if !ok {
		return nc.Close
	}
	return func() error {
		overdue := time.AfterFunc(goodbyeTime, func() { t.NetConn().Close() })
		defer overdue.Stop()
		return t.Close()
	}
}

// goodbye tells the peer that nothing more comes, if there is room for it.
func goodbye(t *tls.Conn) {
	overdue := time.AfterFunc(goodbyeTime, func() { t.NetConn().SetWriteDeadline(time.Unix(1, 0)) })
	defer overdue.Stop()
	_ = t.CloseWrite() // what follows it in Finish says the same
}
