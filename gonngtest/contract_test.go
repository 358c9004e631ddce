package gonngtest

import (
	"crypto/tls"
	"testing"

	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/inproc"
	"github.com/gonng/gonng/transport/ipc"
	"github.com/gonng/gonng/transport/tcp"
	"github.com/gonng/gonng/transport/tlstcp"
	"github.com/gonng/gonng/transport/ws"
)

// contracts has the transport of each row of Transports.
var contracts = map[string]transport.Transport{
	"tcp":      tcp.Transport{},
	"ipc":      ipc.Transport{},
	"abstract": ipc.Abstract{},
	"inproc":   new(inproc.Transport),
	"tls+tcp":  tlstcp.Transport{},
	"ws":       new(ws.Transport),
	"wss":      &ws.Transport{Secure: true},
}

func TestContracts(t *testing.T) {
	ca := NewCA(t)
	both := &tls.Config{RootCAs: ca.Pool, Certificates: []tls.Certificate{ca.Issue(t).TLS()}}
	for _, row := range Transports {
		tr, ok := contracts[row.Name]
		if !ok {
			t.Errorf("the contract of %s is not checked", row.Name)
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			TestTransport(t, tr, row.URL, func(cfg *transport.Config) {
				if tr.Options()&transport.OptTLS != 0 {
					cfg.TLS = both
				}
			})
		})
	}
}
