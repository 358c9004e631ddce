package gonng

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// kindOf names the kind of failure that an error from below is.
type kindOf struct {
	target error
	kind   Error
}

// kinds are tried in order before the numbers of the operating system.
var kinds = []kindOf{
	{transport.ErrPeerAuth, ErrPeerAuth},
	{transport.ErrCrypto, ErrCrypto},
	{transport.ErrInvalid, ErrInvalid},
	{transport.ErrAddressInvalid, ErrAddressInvalid},
	{transport.ErrMessageTooLarge, ErrMessageTooLarge},
	{transport.ErrProtocol, ErrProtocol},
	{transport.ErrNotSupported, ErrNotSupported},
	{context.Canceled, ErrCanceled},
	{context.DeadlineExceeded, ErrTimeout},
	{os.ErrDeadlineExceeded, ErrTimeout},
	{io.EOF, ErrConnectionReset},
	{io.ErrUnexpectedEOF, ErrConnectionReset},
	{io.ErrClosedPipe, ErrConnectionReset},
}

// kindsAfter are tried in order after them: a transport may wrap the number that
// says what "no such file" means here.
var kindsAfter = []kindOf{
	{fs.ErrPermission, ErrPermission},
	{fs.ErrNotExist, ErrNoEntry},
	{fs.ErrExist, ErrExists},
	{net.ErrClosed, ErrClosed},
	{errors.ErrUnsupported, ErrNotSupported},
}

// errnoKinds are the kinds of the numbers of the operating system that every
// system has. Those of connections and files are as in nng where nng knows them.
var errnoKinds = map[syscall.Errno]Error{
	syscall.EINTR: ErrInterrupted,

	syscall.ENOMEM: ErrNoMemory, syscall.ENOBUFS: ErrNoMemory,
	syscall.EMFILE: ErrNoFiles, syscall.ENFILE: ErrNoFiles,
	syscall.ENOSPC: ErrNoSpace, syscall.EDQUOT: ErrNoSpace, syscall.EFBIG: ErrNoSpace, syscall.EMLINK: ErrNoSpace,

	syscall.EINVAL: ErrInvalid, syscall.EFAULT: ErrInvalid, syscall.EDOM: ErrInvalid, syscall.ERANGE: ErrInvalid,
	syscall.EILSEQ: ErrInvalid, syscall.ENOTSOCK: ErrInvalid, syscall.EISDIR: ErrInvalid, syscall.ESPIPE: ErrInvalid,

	syscall.EBUSY: ErrBusy, syscall.ETXTBSY: ErrBusy, syscall.EALREADY: ErrBusy, syscall.EINPROGRESS: ErrBusy,
	syscall.EDEADLK: ErrBusy, syscall.EAGAIN: ErrTryAgain, syscall.EISCONN: ErrBadState,

	syscall.EACCES: ErrPermission, syscall.EPERM: ErrPermission, syscall.EROFS: ErrReadOnly,
	syscall.ENOENT: ErrNoEntry, syscall.ENOTDIR: ErrNoEntry, syscall.ENODEV: ErrNoEntry, syscall.ENXIO: ErrNoEntry,
	syscall.ESRCH: ErrNoEntry, syscall.ECHILD: ErrNoEntry,
	syscall.EEXIST: ErrExists, syscall.ENOTEMPTY: ErrExists,

	syscall.ETIMEDOUT: ErrTimeout, syscall.ECANCELED: ErrCanceled,
	syscall.ECONNREFUSED: ErrConnectionRefused,
	syscall.EADDRINUSE:   ErrAddressInUse,
	syscall.ECONNABORTED: ErrConnectionAborted,
	syscall.ECONNRESET:   ErrConnectionReset, syscall.ENETRESET: ErrConnectionReset, syscall.EPIPE: ErrConnectionReset,
	syscall.ENOTCONN: ErrConnectionReset,
	syscall.EBADF:    ErrClosed, syscall.ESHUTDOWN: ErrClosed,

	syscall.EADDRNOTAVAIL: ErrAddressInvalid, syscall.EDESTADDRREQ: ErrAddressInvalid,
	syscall.ENAMETOOLONG: ErrAddressInvalid, syscall.ELOOP: ErrAddressInvalid,
	syscall.EHOSTUNREACH: ErrUnreachable, syscall.ENETUNREACH: ErrUnreachable, syscall.EHOSTDOWN: ErrUnreachable,
	syscall.ENETDOWN: ErrUnreachable, syscall.EIO: ErrUnreachable, syscall.ESTALE: ErrUnreachable,

	syscall.EMSGSIZE: ErrMessageTooLarge, syscall.E2BIG: ErrMessageTooLarge, syscall.EOVERFLOW: ErrMessageTooLarge,
	syscall.EPROTO: ErrProtocol, syscall.EPROTOTYPE: ErrProtocol, syscall.EBADMSG: ErrProtocol,
}

// errnoKind is the kind of a number of the operating system. The rest, of which
// there are more each year, is about what this system cannot do.
func errnoKind(errno syscall.Errno) Error {
	if kind, ok := errnoKinds[errno]; ok {
		return kind
	}
	if kind, ok := systemKinds[errno]; ok {
		return kind
	}
	for _, k := range kindsAfter {
		if errno.Is(k.target) {
			return k.kind
		}
	}
	if errno.Timeout() {
		return ErrTimeout
	}
	return ErrNotSupported
}

// classify gives an error from below its kind.
func classify(err error) error { return classifyOr(err, ErrInternal) }

// classifyOr is classify for an error that is of kind other if it is of no kind
// that is known here.
func classifyOr(err error, other Error) error {
	var kind Error
	if err == nil || errors.As(err, &kind) {
		return err
	}
	if kind := tlsKind(err); kind != 0 {
		return &cause{kind, err}
	}
	for _, k := range kinds {
		if errors.Is(err, k.target) {
			return &cause{k.kind, err}
		}
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return &cause{errnoKind(errno), err}
	}
	for _, k := range kindsAfter {
		if errors.Is(err, k.target) {
			return &cause{k.kind, err}
		}
	}
	var dns *net.DNSError
	var addr *net.AddrError
	var timing net.Error
	switch {
	case errors.As(err, &dns):
		if dns.IsTimeout {
			return &cause{ErrTimeout, err}
		}
		return &cause{ErrUnreachable, err}
	case errors.As(err, &addr):
		return &cause{ErrAddressInvalid, err}
	case aboutTLS(err):
		return &cause{ErrCrypto, err}
	case errors.As(err, &timing) && timing.Timeout():
		return &cause{ErrTimeout, err}
	}
	return &cause{other, err}
}

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
