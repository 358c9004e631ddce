package gonng

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
)

// distrusted are the alerts by which a peer says that this side's certificate
// is missing or does not convince it: bad_certificate,
// unsupported_certificate, certificate_revoked, certificate_unknown,
// unknown_ca, access_denied, certificate_required. Also no_certificate, of old.
var distrusted = [...]tls.AlertError{42, 43, 44, 46, 48, 49, 116, 41}

// unproven are parts of errors of crypto/tls that have no type, for peers that
// do not prove who they are: without a certificate, or without its key.
var unproven = [...]string{
	"tls: client didn't provide a certificate",
	"tls: invalid signature by the client certificate",
	"tls: invalid signature by the server certificate",
}

// tlsKind tells failures of TLS apart: ErrPeerAuth is about who the other side
// is, ErrCrypto is the rest; 0 is for what is not about TLS as such. A
// certificate that has expired is ErrCrypto: it says who the peer is, at the
// wrong time.
func tlsKind(err error) Error {
	var verification *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	var alert *net.OpError
	text := err.Error()
	switch {
	case errors.As(err, &verification):
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			return ErrCrypto
		}
		return ErrPeerAuth
	case slices.ContainsFunc(unproven[:], func(u string) bool { return strings.Contains(text, u) }):
		return ErrPeerAuth
	case errors.As(err, &alert) && alert.Op == "remote error":
		// Its type is not exported, its text is.
		if slices.ContainsFunc(distrusted[:], func(a tls.AlertError) bool { return alert.Err.Error() == a.Error() }) {
			return ErrPeerAuth
		}
		return ErrCrypto
	}
	return 0
}

// aboutTLS reports whether err is an error of crypto/tls that has no type.
func aboutTLS(err error) bool { return strings.Contains(err.Error(), "tls: ") }
