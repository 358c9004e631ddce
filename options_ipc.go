package gonng

import (
	"io/fs"
	"runtime"

	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/ipc"
)

// WithIPCPermissions sets the permissions of the socket file that a listener at an ipc:// or
// unix:// URL makes: exactly mode, whatever the umask is. A process needs write permission to
// connect. The permissions hold from the beginning: there is no moment at which another
// process could connect. They are used when the listener is bound: [Listener.Set] refuses
// them with ErrNotSupported. Default 0: the umask decides. Bits other than 0777 are
// ErrInvalid.
//
// abstract:// has no file and refuses the option with ErrNotSupported. So does Windows, which
// has [WithIPCSecurityDescriptor]. nng: NNG_OPT_IPC_PERMISSIONS.
func WithIPCPermissions(mode fs.FileMode) SocketListenOption {
	err := needIPC("WithIPCPermissions", transport.OptIPCPermissions)
	if mode&^fs.ModePerm != 0 {
		err = errorf(ErrInvalid, "WithIPCPermissions(%#o): want permissions only, 0 to 0777", uint32(mode))
	}
	return forSocketListen(setting{
		name:         "WithIPCPermissions",
		err:          err,
		change:       func(c *Config) { c.IPCPermissions = mode },
		creationOnly: true,
		transport:    transport.OptIPCPermissions,
		byTransport:  true,
	})
}

// WithIPCSecurityDescriptor says who may connect to the named pipe that a listener at an
// ipc:// URL makes on Windows, in the security descriptor definition language. For example
// "D:P(A;;GA;;;BA)(A;;GA;;;SY)" is for administrators and the system. Windows checks it when
// the pipe is made; [Listener.Set] refuses it with ErrNotSupported. Default "": Windows'
// default. On other systems it is ErrNotSupported, see [WithIPCPermissions]. nng:
// NNG_OPT_IPC_SECURITY_DESCRIPTOR.
func WithIPCSecurityDescriptor(sddl string) SocketListenOption {
	return forSocketListen(setting{
		name:         "WithIPCSecurityDescriptor",
		err:          needIPC("WithIPCSecurityDescriptor", transport.OptIPCSecurityDescriptor),
		change:       func(c *Config) { c.IPCSecurityDescriptor = sddl },
		creationOnly: true,
		transport:    transport.OptIPCSecurityDescriptor,
		byTransport:  true,
	})
}

// needIPC returns ErrNotSupported when this system does not have the option. The option must
// not be ignored: a socket that was told who may connect must not let others in.
func needIPC(name string, option transport.Options) error {
	if (ipc.Transport{}).Options()&option == 0 {
		return errorf(ErrNotSupported, "%s: not on %s", name, runtime.GOOS)
	}
	return nil
}
