package gonng

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/gonng/gonng/transport/fdsocket"
)

// SystemdListeners are the listeners that systemd made for this process (socket
// activation), in the order of the ListenStream= lines of its socket unit; none
// if it was not started so. Give each to [Socket.ListenOn]:
//
//	listeners, err := gonng.SystemdListeners()
//	if err != nil {
//		return err
//	}
//	for _, l := range listeners {
//		if _, err := rep.ListenOn(l); err != nil {
//			return err
//		}
//	}
//
// It takes the descriptors over and unsets LISTEN_PID, LISTEN_FDS and
// LISTEN_FDNAMES, so that neither a child process nor a second call mistakes
// other descriptors for them. The file of a Unix socket stays when its listener
// is closed: it is systemd's. If one of the descriptors does not listen, as with
// Accept=yes or ListenDatagram=, the error says so and all are closed. libsystemd:
// sd_listen_fds.
func SystemdListeners() (listeners []net.Listener, err error) {
	pid, fds := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, fmt.Errorf("gonng: systemd listeners: %w", classify(err))
		}
	}
	const first = 3 // after standard input, output and error
	n, err := strconv.ParseUint(fds, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("gonng: systemd listeners: %w", errorf(ErrInvalid, "LISTEN_FDS is %q, want the number of descriptors", fds))
	}
	for fd := first; fd < first+int(n); fd++ {
		l, err := fdsocket.Listener(fd)
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, fmt.Errorf("gonng: systemd listeners: %w", classify(err))
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}
