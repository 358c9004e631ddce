//go:build !linux

package msg

// preferLargePages does nothing: other systems choose pages by themselves, or have no call for it.
func preferLargePages([]byte) {}
