package spjs_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// sockets listen, and do what a page tells them by HTTP: they are the far ends of the sockets in
// the page. POST /sockets opens one, /sockets/n is where it listens, and POST
// /sockets/n/send sends the body of the request, with the header of SP-Header. An answer has a
// message likewise, or the number of an error as SP-Error.
type sockets struct {
	t  *testing.T
	mu sync.Mutex
	at []*farSocket // closed with the test
}

type farSocket struct {
	gonng.Socket
	ws http.Handler
}

func (s *sockets) register(mux *http.ServeMux) {
	mux.HandleFunc("POST /sockets", s.open)
	mux.HandleFunc("/sockets/{n}", func(w http.ResponseWriter, r *http.Request) {
		if far := s.find(w, r); far != nil {
			far.ws.ServeHTTP(w, r)
		}
	})
	mux.HandleFunc("POST /sockets/{n}/{do}", func(w http.ResponseWriter, r *http.Request) {
		if far := s.find(w, r); far != nil {
			m, err := far.do(r)
			answer(w, m, err)
		}
	})
}

func (s *sockets) open(w http.ResponseWriter, r *http.Request) {
	number := func(name string) int {
		n, err := strconv.Atoi(r.FormValue(name))
		if err != nil {
			s.t.Errorf("opening a socket: %s: %v", name, err)
		}
		return n
	}
	p := gonng.Protocol(number("protocol"))
	newSocket := cooked[p]
	if r.FormValue("raw") == "true" {
		newSocket = gonngtest.ConstructorOf(func(opts ...gonng.RawOption) (*gonng.Raw, error) { return gonng.NewRaw(p, opts...) })
	} else if r.FormValue("polyamorous") == "true" {
		newSocket = gonngtest.ConstructorOf(gonng.NewPair1, gonng.WithPolyamorous())
	}
	socket, err := newSocket(gonng.WithRecvMaxSize(number("recvmaxsize")))
	if err != nil {
		answer(w, nil, err)
		return
	}
	s.t.Cleanup(func() { socket.Close() })
	l, err := socket.Listen(r.Context(), "ws:///")
	if err != nil {
		answer(w, nil, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, &farSocket{socket, l.Handler()})
	answer(w, gonng.NewMessage(fmt.Append(nil, len(s.at)-1)), nil)
}

// cooked makes a socket of each protocol.
var cooked = map[gonng.Protocol]gonngtest.Constructor{
	gonng.ProtocolPair0:       gonngtest.ConstructorOf(gonng.NewPair0),
	gonng.ProtocolPair1:       gonngtest.ConstructorOf(gonng.NewPair1),
	gonng.ProtocolReq0:        gonngtest.ConstructorOf(gonng.NewReq0),
	gonng.ProtocolRep0:        gonngtest.ConstructorOf(gonng.NewRep0),
	gonng.ProtocolPub0:        gonngtest.ConstructorOf(gonng.NewPub0),
	gonng.ProtocolSub0:        gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics("")),
	gonng.ProtocolPush0:       gonngtest.ConstructorOf(gonng.NewPush0),
	gonng.ProtocolPull0:       gonngtest.ConstructorOf(gonng.NewPull0),
	gonng.ProtocolSurveyor0:   gonngtest.ConstructorOf(gonng.NewSurveyor0, gonng.WithSurveyTime(gonngtest.Timeout)),
	gonng.ProtocolRespondent0: gonngtest.ConstructorOf(gonng.NewRespondent0),
	gonng.ProtocolBus0:        gonngtest.ConstructorOf(gonng.NewBus0),
}

// find finds the socket of a request.
func (s *sockets) find(w http.ResponseWriter, r *http.Request) *farSocket {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n >= len(s.at) {
		http.NotFound(w, r)
		return nil
	}
	return s.at[n]
}

func answer(w http.ResponseWriter, m *gonng.Message, err error) {
	if err != nil {
		var kind gonng.Error
		if !errors.As(err, &kind) {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("SP-Error", strconv.Itoa(kind.Code()))
		io.WriteString(w, err.Error())
		return
	}
	if m != nil {
		w.Header().Set("SP-Header", hex.EncodeToString(m.Header()))
		w.Write(m.Bytes())
		m.Free()
	}
}

func (far *farSocket) do(r *http.Request) (*gonng.Message, error) {
	switch do := r.PathValue("do"); do {
	case "close":
		return nil, far.Close()
	case "waitpeers":
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil {
			return nil, err
		}
		return nil, far.WaitPeers(r.Context(), n)
	case "send", "trysend":
		header, err := hex.DecodeString(r.Header.Get("SP-Header"))
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		m, to := gonng.NewRawMessage(header, body), far.Socket.(gonng.Sender)
		if do == "trysend" {
			return nil, to.TrySendMsg(m)
		}
		return nil, to.SendMsg(r.Context(), m)
	case "recv":
		return far.Socket.(gonng.Receiver).RecvMsg(r.Context())
	case "tryrecv":
		return far.Socket.(gonng.Receiver).TryRecvMsg()
	case "recvinto":
		size, err := strconv.Atoi(r.FormValue("size"))
		if err != nil {
			return nil, err
		}
		buf := make([]byte, size)
		n, err := far.Socket.(gonng.Receiver).RecvInto(r.Context(), buf)
		return gonng.NewMessage(buf[:n]), err
	default:
		return nil, fmt.Errorf("%w: there is no %s", gonng.ErrNotSupported, do)
	}
}
