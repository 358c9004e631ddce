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
	"syscall"

	"github.com/gonng/gonng/transport"
)

// secure is the TLS handshake, before the one of the Scalability Protocols. The
// deadline is set already. A peer that closed before it sent its first message is
// called silent.
func secure(ctx context.Context, t *tls.Conn, cfg *transport.Config) (silent bool, err error) {
	if err = t.HandshakeContext(ctx); err == nil {
		return false, nil
	}
	refusePlain(err)
	state := t.ConnectionState()
	return Silent(err, state), TLSError(err, len(state.PeerCertificates) > 0, cfg)
}

// refusePlain answers a peer that speaks without TLS with the alert of a server
// that knows no version of TLS that the peer does. Package tls closes the
// connection without a word, and the peer could not tell what is wrong.
func refusePlain(err error) {
	var header tls.RecordHeaderError
	if errors.As(err, &header) && header.Conn != nil {
		_, _ = header.Conn.Write([]byte{21, 3, 1, 0, 2, 2, 70}) // fatal: protocol_version
	}
}

// Silent reports whether the handshake failed with err before the peer sent its
// first message.
func Silent(err error, state tls.ConnectionState) bool {
	return state.Version == 0 && (err == io.EOF || errors.Is(err, syscall.ECONNRESET))
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
