package gonng_test

import (
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// While there is nobody to send a request to, no timer runs for it.
func TestReqResendTimerRests(t *testing.T) {
	gonngtest.NoLeaks(t)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	const url = "inproc://TestReqResendTimerRests"
	rep, err := gonng.NewRep0(gonng.WithListen(url))
	if err != nil {
		t.Fatal(err)
	}
	defer rep.Close()
	req, err := gonng.NewReq0(gonng.WithDial(url), gonng.WithResendTime(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer req.Close()
	if err := req.Send(ctx, []byte("request")); err != nil {
		t.Fatal(err)
	}
	if _, err := rep.Recv(ctx); err != nil {
		t.Fatal(err)
	}
	rep.Close()
	gonngtest.Eventually(t, func() bool { return !req.ResendTimerRuns() }, "the timer has fired for the last time")
}
