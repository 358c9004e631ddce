// Package gonngtest helps to test what is built on gonng: it runs a test over
// every transport, finds what a test leaves behind, plays a peer byte by byte,
// breaks connections at a chosen byte, and checks the contract of transports.
//
//	func TestMain(m *testing.M) { gonngtest.Main(m) }
//
//	func TestEcho(t *testing.T) {
//		gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
//			ctx := gonngtest.Context(t, gonngtest.Timeout)
//			rep, err := gonng.NewRep0()
//			if err != nil {
//				t.Fatal(err)
//			}
//			defer rep.Close()
//			req, err := gonng.NewReq0()
//			if err != nil {
//				t.Fatal(err)
//			}
//			defer req.Close()
//			gonngtest.Connect(t, rep, req, tr)
//			// … a test that runs over tcp, ipc and inproc
//		})
//	}
//
// Functions that take a [testing.TB] end the test when they fail, so they are
// called from its own goroutine. Nothing waits for longer than [Timeout].
package gonngtest
