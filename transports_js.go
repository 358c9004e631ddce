package gonng

import (
	"context"
	"fmt"

	"github.com/gonng/gonng/transport"
)

// builtin are the transports of this package, by URL scheme.
var builtin = map[string]transport.Transport{
	"inproc": &inprocTransport,
	"ws":     &wsTransport,
	"wss":    &wssTransport,

	"ipc":      outside{},
	"unix":     outside{},
	"abstract": outside{},
	"tcp":      outside{},
	"tcp4":     outside{},
	"tcp6":     outside{},
	"tls+tcp":  outside{},
	"tls+tcp4": outside{},
	"tls+tcp6": outside{},
	"socket":   outside{},
	"ws4":      outside{},
	"ws6":      outside{},
	"wss4":     outside{},
	"wss6":     outside{},
}

// outside stands for the transports that a browser does not have.
type outside struct{}

func (outside) Options() transport.Options { return 0 }

func (outside) Check(scheme, _ string) error {
	return fmt.Errorf("%w: a browser has no %s; it can dial ws:// and wss://, and inproc:// is within the program", transport.ErrNotSupported, scheme)
}

func (o outside) Dial(_ context.Context, scheme, address string, _ *transport.Config) (transport.Conn, error) {
	return nil, o.Check(scheme, address)
}

func (o outside) Listen(_ context.Context, scheme, address string, _ *transport.Config) (transport.Listener, error) {
	return nil, o.Check(scheme, address)
}
