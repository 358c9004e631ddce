package gonng

// ResendTimerRuns reports whether a timer is set to send requests again.
func (x *Req0) ResendTimerRuns() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.pattern.resendAt != 0
}
