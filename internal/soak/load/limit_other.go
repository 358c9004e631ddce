//go:build !unix

package main

// descriptors is how many descriptors there are for connections.
func descriptors() int { return 1 << 16 }
