//go:build !linux

package stream

import "net"

// HungUp cannot tell on this system without reading.
func HungUp(net.Conn) (yes, known bool) { return false, false }
