package itest

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	spi "github.com/gonng/gonng/transport"
)

// failing is a transport whose addresses are the numbers of errors.
type failing struct{}

func (failing) Options() spi.Options    { return 0 }
func (failing) Check(_, _ string) error { return nil }

func (failing) Dial(_ context.Context, _, address string, _ *spi.Config) (spi.Conn, error) {
	return nil, failure(address)
}

func (failing) Listen(_ context.Context, _, address string, _ *spi.Config) (spi.Listener, error) {
	return nil, failure(address)
}

func failure(address string) error {
	n, _ := strconv.Atoi(address)
	return os.NewSyscallError("fail", syscall.Errno(n))
}

var registerFailing = sync.OnceFunc(func() { spi.Register("failing", failing{}) })

// TestErrno: every error of the kernel has the kind that is nearest, and none is
// taken for a defect of this package.
func TestErrno(t *testing.T) {
	gonngtest.NoLeaks(t)
	registerFailing()
	want := make(map[syscall.Errno]error)
	for kind, numbers := range map[error][]syscall.Errno{
		gonng.ErrInterrupted:       {syscall.EINTR},
		gonng.ErrNoMemory:          {syscall.ENOMEM, syscall.ENOBUFS},
		gonng.ErrNoFiles:           {syscall.EMFILE, syscall.ENFILE},
		gonng.ErrNoSpace:           {syscall.ENOSPC, syscall.EDQUOT},
		gonng.ErrInvalid:           {syscall.EINVAL, syscall.ENOTSOCK, syscall.EISDIR},
		gonng.ErrBusy:              {syscall.EBUSY, syscall.ETXTBSY},
		gonng.ErrTryAgain:          {syscall.EAGAIN},
		gonng.ErrPermission:        {syscall.EACCES, syscall.EPERM},
		gonng.ErrReadOnly:          {syscall.EROFS},
		gonng.ErrNoEntry:           {syscall.ENOENT, syscall.ENOTDIR, syscall.ENODEV},
		gonng.ErrExists:            {syscall.EEXIST},
		gonng.ErrTimeout:           {syscall.ETIMEDOUT},
		gonng.ErrCanceled:          {syscall.ECANCELED},
		gonng.ErrConnectionRefused: {syscall.ECONNREFUSED},
		gonng.ErrAddressInUse:      {syscall.EADDRINUSE},
		gonng.ErrConnectionAborted: {syscall.ECONNABORTED},
		gonng.ErrConnectionReset:   {syscall.ECONNRESET, syscall.EPIPE, syscall.ENOTCONN},
		gonng.ErrClosed:            {syscall.EBADF, syscall.ESHUTDOWN},
		gonng.ErrAddressInvalid:    {syscall.EADDRNOTAVAIL, syscall.ENAMETOOLONG, syscall.ELOOP},
		gonng.ErrUnreachable:       {syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.EIO},
		gonng.ErrNotSupported:      {syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP, syscall.ENOSYS},
		gonng.ErrMessageTooLarge:   {syscall.EMSGSIZE},
		gonng.ErrProtocol:          {syscall.EPROTO, syscall.EPROTOTYPE},
	} {
		for _, errno := range numbers {
			want[errno] = kind
		}
	}
	s := open(t, gonng.NewPair0)
	for errno := syscall.Errno(1); errno <= 133; errno++ {
		url := "failing://" + strconv.Itoa(int(errno))
		_, listen := s.Listen(testContext(t), url)
		_, dial := s.Dial(testContext(t), url, gonng.WithDialMode(gonng.DialWait))
		for _, err := range []error{listen, dial} {
			var kind gonng.Error
			switch {
			case !errors.As(err, &kind) || kind == gonng.ErrInternal || !errors.Is(err, errno):
				t.Errorf("%d, %v: the error is %v", errno, errno, err)
			case want[errno] != nil && kind != want[errno]:
				t.Errorf("%d, %v is %v, want %v", errno, errno, kind, want[errno])
			}
		}
	}
}

// TestErrnoOfIPC: what is at the path is the kernel's to judge.
func TestErrnoOfIPC(t *testing.T) {
	gonngtest.NoLeaks(t)
	_, path := socketPath(t)
	check(t, os.WriteFile(path, nil, 0o600))
	check(t, os.Symlink(path+"loop", path+"loop"))
	s := open(t, gonng.NewPair0)
	for at, want := range map[string]error{
		path + "/x":     gonng.ErrNoEntry,        // not a directory
		path + "loop/x": gonng.ErrAddressInvalid, // a circle of links
		"/proc/gonng":   gonng.ErrNoEntry,        // of a file system that takes no files
		"/sys/gonng":    nil,                     // the same, in other words
	} {
		_, err := s.Listen(testContext(t), "ipc://"+at)
		if errors.Is(err, gonng.ErrInternal) {
			t.Errorf("%s: %v", at, err)
		}
		if want != nil {
			wantError(t, err, "listen", want)
		}
		if strings.HasSuffix(at, "/x") {
			_, err = s.Dial(testContext(t), "ipc://"+at, gonng.WithDialMode(gonng.DialWait))
			wantError(t, err, "dial", want)
		}
	}
}
