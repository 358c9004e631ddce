//go:build !unix

package stream

import "net"

// roomToWrite is not known on this system.
func roomToWrite(net.Conn) (yes, known bool) { return false, false }
