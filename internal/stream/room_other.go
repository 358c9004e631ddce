//go:build !unix

package stream

import "net"

// roomToWrite cannot be asked here.
func roomToWrite(net.Conn) (yes, known bool) { return false, false }
