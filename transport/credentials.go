package transport

// PeerCred is who is at the other end of a Unix socket, as the kernel knows it
// from when the connection was made: by the numbers of the user, the user's
// primary group and the process.
//
// Linux and macOS tell all three, FreeBSD does not tell the process: there PID is
// 0. It is 0, too, for a process on Linux that this one's PID namespace does not
// have; a user or group that its user namespace does not have is 65534.
type PeerCred struct {
	UID, GID uint32
	PID      int
}

// Credentials is a Conn, or an Incoming, that may know who is at its other end.
type Credentials interface {
	// PeerCred wraps ErrNotSupported where there is no telling.
	PeerCred() (PeerCred, error)
}
