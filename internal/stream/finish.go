package stream

import "net"

// Finish tells the peer at the other end of nc that nothing more comes, and reports
// whether it has; see transport.Finisher. It does so only on TCP, and where it is known
// (on Linux) only if the peer's kernel has not confirmed all bytes: a close with unread
// data could destroy the rest. A Unix socket has handed over all that was written.
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

// Underlying returns the connection below the layers of nc, such as TLS, or nc if it has
// none. A layer has a method NetConn.
func Underlying(nc net.Conn) net.Conn {
	for {
		layer, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			return nc
		}
		nc = layer.NetConn()
	}
}
