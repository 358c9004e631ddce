//go:build !linux

package itest

import "testing"

// systemRoles are roles of children that need Linux.
var systemRoles map[string]func(t *testing.T, url string, say func(...any))
