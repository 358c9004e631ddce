package gonng

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// systemKinds are the kinds of the error numbers of Windows. They are not the numbers to which
// package syscall gives the names of Unix.
var systemKinds = map[syscall.Errno]Error{
	syscall.ETXTBSY: ErrBusy,

	windows.WSAEINTR:        ErrInterrupted,
	windows.WSAENOBUFS:      ErrNoMemory,
	windows.WSAEMFILE:       ErrNoFiles,
	windows.WSAEINVAL:       ErrInvalid,
	windows.WSAEFAULT:       ErrInvalid,
	windows.WSAENOTSOCK:     ErrInvalid,
	windows.WSAEWOULDBLOCK:  ErrTryAgain,
	windows.WSAEALREADY:     ErrBusy,
	windows.WSAEINPROGRESS:  ErrBusy,
	windows.WSAEISCONN:      ErrBadState,
	windows.WSAEACCES:       ErrPermission,
	windows.WSAETIMEDOUT:    ErrTimeout,
	windows.WSAECONNREFUSED: ErrConnectionRefused,
	windows.WSAEADDRINUSE:   ErrAddressInUse,
	windows.WSAECONNABORTED: ErrConnectionAborted,
	windows.WSAECONNRESET:   ErrConnectionReset,
	windows.WSAENETRESET:    ErrConnectionReset,
	windows.WSAENOTCONN:     ErrConnectionReset,
	windows.WSAEDISCON:      ErrConnectionReset,
	windows.WSAESHUTDOWN:    ErrClosed,
	windows.WSAEBADF:        ErrClosed,

	windows.WSAEADDRNOTAVAIL: ErrAddressInvalid,
	windows.WSAEDESTADDRREQ:  ErrAddressInvalid,
	windows.WSAENAMETOOLONG:  ErrAddressInvalid,
	windows.WSAEHOSTUNREACH:  ErrUnreachable,
	windows.WSAEHOSTDOWN:     ErrUnreachable,
	windows.WSAENETUNREACH:   ErrUnreachable,
	windows.WSAENETDOWN:      ErrUnreachable,
	windows.WSAEMSGSIZE:      ErrMessageTooLarge,
	windows.WSAEPROTOTYPE:    ErrProtocol,

	windows.ERROR_NOT_ENOUGH_MEMORY:   ErrNoMemory,
	windows.ERROR_OUTOFMEMORY:         ErrNoMemory,
	windows.ERROR_TOO_MANY_OPEN_FILES: ErrNoFiles,
	windows.ERROR_DISK_FULL:           ErrNoSpace,
	windows.ERROR_INVALID_FUNCTION:    ErrInvalid, // to read a directory, for instance
	windows.ERROR_INVALID_HANDLE:      ErrInvalid,
	windows.ERROR_INVALID_PARAMETER:   ErrInvalid,
	windows.ERROR_PIPE_BUSY:           ErrBusy,
	windows.ERROR_SHARING_VIOLATION:   ErrBusy,
	windows.ERROR_BROKEN_PIPE:         ErrConnectionReset,
	windows.ERROR_NO_DATA:             ErrConnectionReset,
	windows.ERROR_PIPE_NOT_CONNECTED:  ErrConnectionReset,
	windows.ERROR_NETNAME_DELETED:     ErrConnectionReset,
	windows.ERROR_CONNECTION_REFUSED:  ErrConnectionRefused,
	windows.ERROR_CONNECTION_ABORTED:  ErrConnectionAborted,
	windows.ERROR_OPERATION_ABORTED:   ErrCanceled,
	windows.ERROR_SEM_TIMEOUT:         ErrTimeout,
	windows.ERROR_INVALID_NAME:        ErrAddressInvalid,
	windows.ERROR_BAD_PATHNAME:        ErrAddressInvalid,
	windows.ERROR_HOST_UNREACHABLE:    ErrUnreachable,
	windows.ERROR_NETWORK_UNREACHABLE: ErrUnreachable,
}
