//go:build !unix

package gonng

func newPollFD() (*pollFD, error) {
	return nil, errorf(ErrNotSupported, "this platform has no descriptors to poll")
}
