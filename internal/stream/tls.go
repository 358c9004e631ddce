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

// secure does the TLS handshake. The caller has set the deadline. silent says that the peer
// closed the connection before it sent anything.
func secure(ctx context.Context, t *tls.Conn, cfg *transport.Config) (silent bool, err error) {
	if err = t.HandshakeContext(ctx); err == nil {
		return false, nil
	}
	refusePlain(err)
	state := t.ConnectionState()
	return Silent(err, state), TLSError(err, len(state.PeerCertificates) > 0, cfg)
}

// refusePlain sends a peer that does not speak TLS an alert, by which it can tell what is
// wrong: package tls leaves such a connection without a word.
func refusePlain(err error) {
	var header tls.RecordHeaderError
	if errors.As(err, &header) && header.Conn != nil {
		_, _ = header.Conn.Write([]byte{21, 3, 1, 0, 2, 2, 70}) // fatal: protocol_version
	}
}

// Silent reports whether a TLS handshake that failed with err failed because the peer closed
// the connection before it sent anything.
func Silent(err error, state tls.ConnectionState) bool {
	return state.Version == 0 && (err == io.EOF || errors.Is(err, syscall.ECONNRESET))
}

// TLSError explains why a TLS handshake failed with err. accepted says that crypto/tls had
// accepted the certificates of the peer: then an error that is not its own comes from a
// function of the program that verifies peers.
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

// foreign reports whether err comes from a function of the program that verifies peers.
// crypto/tls passes such an error on as it is, so it is neither a network error nor one of
// crypto/tls.
func foreign(err error) bool {
	var network net.Error
	return !errors.As(err, &network) && !strings.Contains(err.Error(), "tls: ")
}

// TLS implements transport.Secured.
func (c *conn) TLS() *tls.ConnectionState { return TLS(c.Conn) }

// TLS returns the state of nc if it is a TLS connection, else nil.
func TLS(nc net.Conn) *tls.ConnectionState {
	t, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	state := t.ConnectionState()
	return &state
}
