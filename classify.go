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
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// kindOf gives errors that wrap target a kind.
type kindOf struct {
	target error
	kind   Error
}

// kinds are tried in order, before the error numbers of the operating system.
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

// kindsAfter are tried in order, after the error numbers of the operating system: a transport
// that knows better adds the number that counts, such as ECONNREFUSED to "no such file".
var kindsAfter = []kindOf{
	{fs.ErrPermission, ErrPermission},
	{fs.ErrNotExist, ErrNoEntry},
	{fs.ErrExist, ErrExists},
	{net.ErrClosed, ErrClosed},
	{errors.ErrUnsupported, ErrNotSupported},
}

// errnoKinds are the kinds of the error numbers that every operating system has. Those about
// connections and files are as in nng, if nng knows them.
var errnoKinds = map[syscall.Errno]Error{
	syscall.EINTR: ErrInterrupted,

	syscall.ENOMEM: ErrNoMemory, syscall.ENOBUFS: ErrNoMemory,
	syscall.EMFILE: ErrNoFiles, syscall.ENFILE: ErrNoFiles,
	syscall.ENOSPC: ErrNoSpace, syscall.EDQUOT: ErrNoSpace, syscall.EFBIG: ErrNoSpace, syscall.EMLINK: ErrNoSpace,

	syscall.EINVAL: ErrInvalid, syscall.EFAULT: ErrInvalid, syscall.EDOM: ErrInvalid, syscall.ERANGE: ErrInvalid,
	syscall.EILSEQ: ErrInvalid, syscall.ENOTSOCK: ErrInvalid, syscall.EISDIR: ErrInvalid, syscall.ESPIPE: ErrInvalid,

	syscall.EBUSY: ErrBusy, syscall.EALREADY: ErrBusy, syscall.EINPROGRESS: ErrBusy,
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

// errnoKind returns the kind of an error number of the operating system. Numbers that no table
// has are ErrNotSupported: they mostly say what the system cannot do, and systems add more of
// them.
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

// inBrowser says that the program is compiled for JavaScript. The linker leaves out what only
// other programs need, such as looking names up: that keeps pages small.
const inBrowser = runtime.GOOS == "js"

// classify gives an error of a transport or the operating system its kind.
func classify(err error) error { return classifyOr(err, ErrInternal) }

// classifyOr is classify, but an error of unknown kind becomes one of kind other.
func classifyOr(err error, other Error) error {
	var kind Error
	if err == nil || errors.As(err, &kind) {
		return err
	}
	if inBrowser {
		// no transport has TLS of its own
	} else if kind := tlsKind(err); kind != 0 {
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

// distrusted are the alerts by which a peer says that the certificate of this side is missing,
// or that the peer does not trust it: bad_certificate,
// unsupported_certificate, certificate_revoked, certificate_unknown,
// unknown_ca, access_denied, certificate_required, and no_certificate of older versions.
var distrusted = [...]tls.AlertError{42, 43, 44, 46, 48, 49, 116, 41}

// unproven are parts of the texts of errors that have no type in crypto/tls. They say that a
// peer has no certificate, or not the key of its certificate.
var unproven = [...]string{
	"tls: client didn't provide a certificate",
	"tls: invalid signature by the client certificate",
	"tls: invalid signature by the server certificate",
}

// tlsKind returns the kind of a TLS error: ErrPeerAuth if a side did not prove who it is, else
// ErrCrypto. It returns 0 for other errors. An expired certificate is ErrCrypto, because it
// says who the peer is, only too late.
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
		// The type of the alert is not exported, but its text can be compared.
		if slices.ContainsFunc(distrusted[:], func(a tls.AlertError) bool { return alert.Err.Error() == a.Error() }) {
			return ErrPeerAuth
		}
		return ErrCrypto
	}
	return 0
}

// aboutTLS reports whether err comes from crypto/tls, by its text: many have no type.
func aboutTLS(err error) bool { return strings.Contains(err.Error(), "tls: ") }
