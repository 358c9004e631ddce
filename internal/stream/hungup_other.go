//go:build !linux

package stream

import "net"

// HungUp cannot tell here without reading.
func HungUp(net.Conn) (yes, known bool) { return false, false }
