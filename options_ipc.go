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
// no moment in which somebody else can connect. Default 0: what the umask leaves.
//
// abstract:// has no file and refuses them, and so does Windows, see
// [WithIPCSecurityDescriptor]. nng: NNG_OPT_IPC_PERMISSIONS.
func WithIPCPermissions(mode fs.FileMode) interface {
	SocketOption
	ListenOption
} {
	return socketListenOption{setting: func(c *Config) error {
		if mode&^fs.ModePerm != 0 {
			return errorf(ErrInvalid, "WithIPCPermissions(%#o): want permissions only, 0 to 0777", uint32(mode))
		}
		c.IPCPermissions = mode
		return c.needIPC(transport.OptIPCPermissions, "WithIPCPermissions")
	}}
}

// WithIPCSecurityDescriptor is who may connect to the named pipe that a
// listener at an ipc:// URL makes on Windows, in the security descriptor
// definition language: "D:P(A;;GA;;;BA)(A;;GA;;;SY)", say, for administrators
// and the system. It is checked when the pipe is made. Default "": as Windows
// has it. Elsewhere it is ErrNotSupported, see [WithIPCPermissions]. nng:
// NNG_OPT_IPC_SECURITY_DESCRIPTOR.
func WithIPCSecurityDescriptor(sddl string) interface {
	SocketOption
	ListenOption
} {
	return socketListenOption{setting: func(c *Config) error {
		c.IPCSecurityDescriptor = sddl
		return c.needIPC(transport.OptIPCSecurityDescriptor, "WithIPCSecurityDescriptor")
	}}
}

// needIPC refuses what ipc does not know on this system: a socket that was told
// who may connect must not let in others.
func (c *Config) needIPC(option transport.Options, name string) error {
	if (ipc.Transport{}).Options()&option == 0 {
		return errorf(ErrNotSupported, "%s: not on %s", name, runtime.GOOS)
	}
	c.explicit |= option
	return nil
}
