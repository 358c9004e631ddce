package monitor

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a socket with a name, which is closed when the test ends.
func open[S gonng.Socket, O any](t testing.TB, newSocket func(...O) (S, error), name string, opts ...gonng.SocketOption) S {
	t.Helper()
	s, err := newSocket()
	check(t, err)
	t.Cleanup(func() { s.Close() })
	check(t, gonng.Set(s, append(opts, gonng.WithName(name))...))
	return s
}

// get asks the handler, with header fields in pairs.
func get(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// snapshot is what snapshot.json answers to a query, and the socket of that name in it.
func snapshot(t *testing.T, h http.Handler, query, name string) (Snapshot, Socket) {
	t.Helper()
	w := get(h, "GET", "/x/snapshot.json?"+query)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", query, w.Code, w.Body)
	}
	var s Snapshot
	check(t, json.Unmarshal(w.Body.Bytes(), &s))
	for _, x := range s.Sockets {
		if x.Name == name {
			return s, x
		}
	}
	t.Fatalf("no socket %q in %s", name, w.Body)
	return s, Socket{}
}

const anyPort = "tcp://127.0.0.1:0"

// pair is a rep with a req, which have exchanged a message.
func pair(t *testing.T, opts ...gonng.SocketOption) (*gonng.Rep0, *gonng.Req0) {
	rep := open(t, gonng.NewRep0, "server", append(opts, gonng.WithListen(anyPort))...)
	req := open(t, gonng.NewReq0, "client", gonng.WithDial(rep.ListenURL()))
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	check(t, req.Send(ctx, []byte("the secret body")))
	_, err := rep.Recv(ctx)
	check(t, err)
	check(t, rep.Send(ctx, []byte("the secret answer")))
	_, err = req.Recv(ctx)
	check(t, err)
	return rep, req
}

// Every field of the statistics is in the snapshot.
func TestSnapshotHasAllCounters(t *testing.T) {
	gonngtest.NoLeaks(t)
	pair(t)
	var got struct {
		Sockets []struct {
			Name      string
			Stats     map[string]float64
			Dialers   []struct{ Stats map[string]float64 }
			Listeners []struct{ Stats map[string]float64 }
			Pipes     []struct{ Stats map[string]float64 }
		}
	}
	check(t, json.Unmarshal(get(Handler(), "GET", "/snapshot.json").Body.Bytes(), &got))
	has := func(what string, stats map[string]float64, of reflect.Type) {
		t.Helper()
		for _, f := range reflect.VisibleFields(of) {
			if f.Anonymous {
				continue
			}
			if _, ok := stats[f.Tag.Get("json")]; !ok {
				t.Errorf("the %s in the snapshot has no %s: %v", what, f.Name, stats)
			}
		}
	}
	pipes := 0
	for _, s := range got.Sockets {
		has("socket", s.Stats, reflect.TypeFor[gonng.Stats]())
		for _, d := range s.Dialers {
			has("dialer", d.Stats, reflect.TypeFor[gonng.ConnectStats]())
			pipes++
		}
		for _, l := range s.Listeners {
			has("listener", l.Stats, reflect.TypeFor[gonng.ConnectStats]())
			pipes++
		}
		for _, p := range s.Pipes {
			has("pipe", p.Stats, reflect.TypeFor[gonng.PipeStats]())
			pipes++
		}
	}
	if pipes != 4 {
		t.Errorf("there are %d dialers, listeners and pipes, want 4", pipes)
	}
}

func TestSnapshot(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep, _ := pair(t, gonng.WithRecvMaxSize(500))
	h := Handler()
	all, server := snapshot(t, h, "", "server")
	if all.Version != Version || all.Process.Goroutines == 0 || all.Process.Memory == 0 || len(all.Events) < 2 {
		t.Errorf("the snapshot is of version %d, process %+v, with %d events", all.Version, all.Process, len(all.Events))
	}
	if o := server.Options; o["RecvMaxSize"] != "500" || len(o) != 1 {
		t.Errorf("the options that differ are %v", o)
	}
	p := server.Pipes[0]
	if server.ID != rep.ID() || server.Protocol != "rep" || server.Peer != "req" || server.Stats.Received != 1 ||
		p.Side != "listener" || p.URL != rep.ListenURL() || p.Remote == "" || p.Age <= 0 || p.Stats.Received != 1 || p.SendLimit.Bytes != 128<<10 {
		t.Errorf("the server is %+v", server)
	}
	_, client := snapshot(t, h, "events=0", "client")
	if d := client.Dialers[0]; !d.Connected || d.Error != "" || d.NextAttempt != nil || d.Pipes != 1 {
		t.Errorf("the dialer is %+v", d)
	}
	one, _ := snapshot(t, h, fmt.Sprintf("socket=%d&events=1", rep.ID()), "server")
	if len(one.Sockets) != 1 || len(one.Events) != 1 {
		t.Errorf("asked for one socket and event there are %d and %d", len(one.Sockets), len(one.Events))
	}
}

func TestPages(t *testing.T) {
	gonngtest.NoLeaks(t)
	pull := open(t, gonng.NewPull0, "sink", gonng.WithListen("inproc://pages"))
	for i := range 7 {
		open(t, gonng.NewPush0, fmt.Sprint("source ", i), gonng.WithDial("inproc://pages"))
	}
	check(t, pull.WaitPeers(gonngtest.Context(t, gonngtest.Timeout), 7))
	h := Handler()
	seen := make(map[uint32]bool)
	for _, offset := range []int{0, 3, 6, 9} {
		_, s := snapshot(t, h, fmt.Sprintf("limit=3&offset=%d", offset), "sink")
		if want := max(0, min(3, 7-offset)); len(s.Pipes) != want || s.PipesTotal != 7 {
			t.Errorf("from %d there are %d pipes of %d, want %d of 7", offset, len(s.Pipes), s.PipesTotal, want)
		}
		for _, p := range s.Pipes {
			seen[p.ID] = true
		}
	}
	if len(seen) != 7 {
		t.Errorf("the pages have %d pipes", len(seen))
	}
	for _, query := range []string{"limit=1001", "limit=-1", "limit=x", "offset=-1", "socket=-1", "events=1001"} {
		if w := get(h, "GET", "/snapshot.json?"+query); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

// The handler is read-only, and answers no page of another origin.
func TestHandlerRefuses(t *testing.T) {
	h := Handler()
	for _, c := range []struct {
		method, target string
		header         []string
		code           int
	}{
		{"GET", "/debug/gonng/", nil, 200},
		{"HEAD", "/debug/gonng/", nil, 200},
		{"GET", "/debug/gonng/app.js", nil, 200},
		{"GET", "/debug/gonng/uplot.LICENSE", nil, 200},
		{"HEAD", "/debug/gonng/events", nil, 200},
		{"GET", "/debug/gonng/nothing", nil, 404},
		{"GET", "/debug/gonng/index.html", nil, 404},
		{"POST", "/debug/gonng/snapshot.json", nil, 405},
		{"DELETE", "/debug/gonng/", nil, 405},
		{"GET", "http://host/snapshot.json", []string{"Origin", "http://host"}, 200},
		{"GET", "http://host/snapshot.json", []string{"Origin", "http://other"}, 403},
		{"GET", "http://host/events", []string{"Origin", "null"}, 403},
		{"GET", "http://host/snapshot.json", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"GET", "http://host/snapshot.json", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", "http://host/snapshot.json", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"GET", "http://host/snapshot.json", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403},
		{"GET", "http://host/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"GET", "http://host/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
	} {
		w := get(h, c.method, c.target, c.header...)
		if w.Code != c.code {
			t.Errorf("%s %s %v: %d, want %d", c.method, c.target, c.header, w.Code, c.code)
		}
		if w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" ||
			w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: the header is %v", c.method, c.target, w.Header())
		}
	}
}

// What is secret is not shown.
func TestNoSecrets(t *testing.T) {
	gonngtest.NoLeaks(t)
	pair(t)
	ws := open(t, gonng.NewPair1, "web", gonng.WithHTTPHeader(http.Header{"Authorization": {"Bearer secret"}}))
	for _, url := range []string{"ws://user:secret@127.0.0.1:1/path", "ws://127.0.0.1:1/path?token=secret"} {
		d, err := ws.Dial(context.Background(), url, gonng.WithDialMode(gonng.DialBackground))
		if err != nil {
			t.Logf("%s: %v", url, err)
			continue
		}
		gonngtest.Eventually(t, func() bool { return d.LastError() != nil }, "a failure")
	}
	text := get(Handler(), "GET", "/snapshot.json").Body.String()
	if !strings.Contains(text, `"HTTPHeader":"fields Authorization"`) || !strings.Contains(text, "dial failed") {
		t.Errorf("the snapshot does not tell of the header and the failures: %s", text)
	}
	if i := strings.Index(text, "secret"); i >= 0 {
		t.Errorf("the snapshot tells a secret: %s", text[max(0, i-200):i+20])
	}
}

// Viewers share a sample a second, and without viewers there is none. The bubble ends only
// when the sampler's goroutine has.
func TestSharedSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sampler
		a := s.join()
		first := <-a
		b := s.join()
		if got := <-b; &got[0] != &first[0] {
			t.Error("a viewer that comes later gets another sample")
		}
		start := time.Now()
		x, y := <-a, <-b
		if d := time.Since(start); d != time.Second || &x[0] != &y[0] {
			t.Errorf("after %v the viewers have different samples, or too early", d)
		}
		time.Sleep(5 * time.Second) // nobody takes the samples: the newest is kept
		synctest.Wait()
		var newest Snapshot
		check(t, json.Unmarshal(<-a, &newest))
		if age := time.Since(newest.Time); age > time.Second {
			t.Errorf("a slow viewer gets a sample of %v ago", age)
		}
		s.leave(a)
		s.leave(b)
		c := s.join()
		<-c
		s.leave(c)
	})
}

// events sends what has happened before and after it was asked, and then samples.
func TestServerSentEvents(t *testing.T) {
	gonngtest.NoLeaks(t)
	server := httptest.NewServer(Handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	open(t, gonng.NewPull0, "sink", gonng.WithListen("inproc://sse"))
	open(t, gonng.NewPush0, "before", gonng.WithDial("inproc://sse"))
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/events", nil)
	check(t, err)
	answer, err := client.Do(r)
	check(t, err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	next := func(kind string) string {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "event: "+kind && lines.Scan() {
				return strings.TrimPrefix(lines.Text(), "data: ")
			}
		}
		t.Fatalf("no %s: %v", kind, lines.Err())
		return ""
	}
	if got := next("happened"); !strings.Contains(got, `"name":"before"`) {
		t.Errorf("what happened before is not in %s", got)
	}
	var sample Snapshot
	check(t, json.Unmarshal([]byte(next("sample")), &sample))
	open(t, gonng.NewPush0, "after", gonng.WithDial("inproc://sse"))
	if got := next("happened"); !strings.Contains(got, `"name":"after"`) || strings.Contains(got, `"name":"before"`) {
		t.Errorf("what happened after is %s", got)
	}
}

// advised are the codes of the advice for the socket.
func advised(t *testing.T, w *watch, name string) string {
	t.Helper()
	for _, s := range w.take(page{limit: 10, worstFirst: true}).Sockets {
		if s.Name == name {
			var codes []string
			for _, a := range s.Advice {
				if a.Text == "" {
					t.Errorf("%s of %s has no text", a.Code, name)
				}
				codes = append(codes, a.Level+" "+a.Code)
			}
			return strings.Join(codes, ", ")
		}
	}
	t.Fatalf("no socket %s", name)
	return ""
}

func TestAdvice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watch
		is := func(name, want string) {
			t.Helper()
			synctest.Wait()
			if got := advised(t, &w, name); got != want {
				t.Errorf("the advice for %s is %q, want %q", name, got, want)
			}
		}
		open(t, gonng.NewPull0, "alone")
		is("alone", "warn not_connected")
		open(t, gonng.NewPull0, "listening", gonng.WithListen("inproc://advice"))
		is("listening", "info not_connected")
		failing := open(t, gonng.NewPush0, "failing")
		_, err := failing.Dial(t.Context(), "inproc://nobody", gonng.WithDialMode(gonng.DialBackground))
		check(t, err)
		is("failing", "bad not_connected")

		sub := open(t, gonng.NewSub0, "sub", gonng.WithListen("inproc://news"), gonng.WithRecvBuffer(2))
		pub := open(t, gonng.NewPub0, "pub", gonng.WithDial("inproc://news"))
		is("sub", "warn no_topics")
		check(t, sub.Subscribe(""))
		is("sub", "")
		publish := func(n int) {
			for range n {
				check(t, pub.Send(t.Context(), []byte("news")))
			}
		}
		publish(1)
		is("sub", "")
		time.Sleep(4 * time.Second)
		is("sub", "warn not_received")
		publish(3)
		is("sub", "bad drops, warn not_received")
		time.Sleep(time.Minute)
		for range 2 {
			_, err := sub.TryRecv()
			check(t, err)
		}
		is("sub", "")

		push := open(t, gonng.NewPush0, "push", gonng.WithDial("inproc://advice"), gonng.WithSendBuffer(3))
		for push.TrySend(make([]byte, 10000)) == nil {
			synctest.Wait()
		}
		is("push", "")
		time.Sleep(4 * time.Second)
		is("push", "warn queue_full")
		is("listening", "warn not_received")
		push.Close() // with messages left
		is("listening", "warn not_connected, warn not_received")

		stranger := open(t, gonng.NewPair0, "stranger")
		_, err = stranger.Dial(t.Context(), "inproc://advice", gonng.WithDialMode(gonng.DialWait))
		if err == nil {
			t.Fatal("a pair was accepted by a pull")
		}
		is("listening", "warn not_connected, warn not_received, warn refused_protocol")
	})
}
