//go:build !unix

package itest

import (
	"net"
	"testing"
)

func fullBacklog(t *testing.T) (address string) {
	t.Skip("not known how to make a full backlog here")
	return ""
}

func socketpair(t *testing.T) (x, y net.Conn) {
	t.Skip("no socketpair here")
	return nil, nil
}

func many(*testing.T) int { return 2000 }

func socketURLs(t testing.TB) (x, y string) {
	t.Skip("descriptors are Unix's")
	return "", ""
}
