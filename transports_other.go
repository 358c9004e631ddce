//go:build !js

package gonng

import (
	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/fdsocket"
	"github.com/gonng/gonng/transport/ipc"
	"github.com/gonng/gonng/transport/tcp"
	"github.com/gonng/gonng/transport/tlstcp"
)

// builtin are the transports of this package, by URL scheme.
var builtin = map[string]transport.Transport{
	"inproc":   &inprocTransport,
	"ipc":      ipc.Transport{},
	"unix":     ipc.Transport{},
	"abstract": ipc.Abstract{},
	"tcp":      tcp.Transport{},
	"tcp4":     tcp.Transport{},
	"tcp6":     tcp.Transport{},
	"tls+tcp":  tlstcp.Transport{},
	"tls+tcp4": tlstcp.Transport{},
	"tls+tcp6": tlstcp.Transport{},
	"socket":   fdsocket.Transport{},

	"ws":   &wsTransport,
	"ws4":  &wsTransport,
	"ws6":  &wsTransport,
	"wss":  &wssTransport,
	"wss4": &wssTransport,
	"wss6": &wssTransport,
}
