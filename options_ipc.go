package gonng

import (
	"io/fs"
	"runtime"

	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/ipc"
)

// WithIPCPermissions are the permissions of the file that a listener at an
// ipc:// or unix:// URL makes, exactly those, whatever the umask. To connect a
// process needs to have write permission. They hold from the beginning: there is
// no moment in which somebody else can connect. They count when the listener is
// bound: on one that exists they are ErrNotSupported. Default 0: what the umask
// leaves. Bits other than 0777 are ErrInvalid.
//
// abstract:// has no file and refuses them with ErrNotSupported, and so does
// Windows, see [WithIPCSecurityDescriptor]. nng: NNG_OPT_IPC_PERMISSIONS.
func WithIPCPermissions(mode fs.FileMode) SocketListenOption {
	err := needIPC("WithIPCPermissions", transport.OptIPCPermissions)
	if mode&^fs.ModePerm != 0 {
		err = errorf(ErrInvalid, "WithIPCPermissions(%#o): want permissions only, 0 to 0777", uint32(mode))
	}
	return forSocketListen(setting{
		name:      "WithIPCPermissions",
		err:       err,
		change:    func(c *Config) { c.IPCPermissions = mode },
		making:    true,
		transport: transport.OptIPCPermissions,
		carried:   true,
	})
}

// WithIPCSecurityDescriptor is who may connect to the named pipe that a
// listener at an ipc:// URL makes on Windows, in the security descriptor
// definition language: "D:P(A;;GA;;;BA)(A;;GA;;;SY)", say, for administrators
// and the system. It is checked, and counts, when the pipe is made: on a listener
// that exists it is ErrNotSupported. Default "": as Windows has it. Elsewhere it
// is ErrNotSupported, see [WithIPCPermissions]. nng:
// NNG_OPT_IPC_SECURITY_DESCRIPTOR.
func WithIPCSecurityDescriptor(sddl string) SocketListenOption {
	return forSocketListen(setting{
		name:      "WithIPCSecurityDescriptor",
		err:       needIPC("WithIPCSecurityDescriptor", transport.OptIPCSecurityDescriptor),
		change:    func(c *Config) { c.IPCSecurityDescriptor = sddl },
		making:    true,
		transport: transport.OptIPCSecurityDescriptor,
		carried:   true,
	})
}

// needIPC refuses what ipc does not know on this system: a socket that was told
// who may connect must not let in others.
func needIPC(name string, option transport.Options) error {
	if (ipc.Transport{}).Options()&option == 0 {
		return errorf(ErrNotSupported, "%s: not on %s", name, runtime.GOOS)
	}
	return nil
}
