package stream

import "net"

// Finish tells the peer at the other end of nc that nothing more comes, if
// Close could destroy what was written; see transport.Finisher. Only TCP needs
// it: a Unix socket has handed over all that was written.
func Finish(nc net.Conn) bool {
	tc, ok := Underlying(nc).(*net.TCPConn)
	if !ok {
		return false
	}
	if raw := rawConn(tc); raw != nil {
		var queue sendQueue
		if queue.init(raw); queue.empty() {
			return false
		}
	}
	return closeWrite(nc) == nil
}

// Underlying is the connection that nc is a layer over, such as TLS.
func Underlying(nc net.Conn) net.Conn {
	for {
		layer, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			return nc
		}
		nc = layer.NetConn()
	}
}
