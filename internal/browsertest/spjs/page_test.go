package spjs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/browsertest"
	"github.com/gonng/gonng/internal/browsertest/spjs/talk"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// messages is how many of 1 KiB go each way: as many as GONNG_MESSAGES in the environment
// says, by default 500.
func messages() int {
	if n, err := strconv.Atoi(os.Getenv("GONNG_MESSAGES")); err == nil {
		return n
	}
	return 500
}

// long are the tests that build programs or fill queues of megabytes. They run with
// GONNG_BROWSER=all in the environment.
var long = []string{"PushAcrossRestart", "StalledServer", "Wasm", "WasmConformance", "Feed"}

// TestChromium runs everything that needs a page, each in a tab of its own.
func TestChromium(t *testing.T) {
	chromium := browsertest.Start(t)
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"Page": testPage, "ServerRestarts": testServerRestarts, "PushAcrossRestart": testPushAcrossRestart, "StalledServer": testStalledServer,
		"StalledPage": testStalledPage, "Errors": testErrors, "TwoOrigins": testTwoOrigins, "Wasm": testWasm,
		"WasmConformance": testWasmConformance, "Feed": testFeed,
	} {
		t.Run(name, func(t *testing.T) {
			if slices.Contains(long, name) && os.Getenv("GONNG_BROWSER") != "all" {
				t.Skip("runs with GONNG_BROWSER=all")
			}
			test(t, chromium)
		})
	}
}

// peers are the protocols of a page and of the server that it talks to.
var peers = map[string]string{
	"push": "pull", "pull": "push", "pub": "sub", "sub": "pub", "pair": "pair", "pair1": "pair1", "bus": "bus",
	"req": "rep", "rep": "req", "surveyor": "respondent", "respondent": "surveyor",
}

// converse has the client, which returns "" when all went well, talk to a gonng socket in each
// protocol.
func converse(t *testing.T, s *site, client func(name string, n int) string) {
	for name, peer := range peers {
		t.Run(name, func(t *testing.T) {
			n := messages()
			socket, talk, err := talk.New(peer, n)
			check(t, err)
			s.put(t, socket)
			ctx, cancel := context.WithCancel(gonngtest.Context(t, 3*gonngtest.Timeout))
			defer cancel()
			done := make(chan error, 1)
			go func() {
				err := socket.WaitPeers(ctx, 1)
				if err == nil {
					err = talk(ctx)
				}
				done <- err
			}()
			if failed := client(name, n); failed != "" {
				t.Error("the client: ", failed)
				cancel()
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			check(t, socket.Close())
		})
	}
}

// script is an expression for what an async function with the module of cases.js returns.
func script(code string, args ...any) string {
	return fmt.Sprintf("import('/cases.js').then(async ({run, failure, sp}) => {\n"+code+"\n}).catch(e => String(e.stack))", args...)
}

func testPage(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	b := chromium.Tab(t, s.URL)
	converse(t, s, func(name string, n int) string {
		return b.Text(script("await run(%q, %q, %d); return ''", name, s.ws(), n))
	})
	if problems := b.Problems(); len(problems) > 0 {
		t.Errorf("the console: %v", problems)
	}
}

// The server goes and comes back: subscriptions hold, and what was asked is answered.
func testServerRestarts(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	b := chromium.Tab(t, s.URL)
	ctx := gonngtest.Context(t, gonngtest.Timeout)

	first := serve(t, s, gonng.NewPub0)
	b.Text(script(`
		globalThis.sub = new sp.Sub('/sp', {topics: ['a', 'b']})
		sub.unsubscribe('b')
		globalThis.happened = []
		for (const type of ['connected', 'disconnected', 'dialfailed']) sub.addEventListener(type, e => happened.push(type))
		await sub.waitPeers()
		return ''`))
	check(t, first.WaitPeers(ctx, 1))
	check(t, first.Send(ctx, []byte("a1")))
	if got := b.Text(script("return sp.text(await sub.recv({timeout: 30000}))")); got != "a1" {
		t.Errorf("received %q", got)
	}
	s.socket.Store(nil)
	check(t, first.Close())
	b.Until("it cannot connect", "happened.includes('dialfailed')")
	second := serve(t, s, gonng.NewPub0)
	check(t, second.WaitPeers(ctx, 1))
	for _, m := range []string{"b2", "a2"} {
		check(t, second.Send(ctx, []byte(m)))
	}
	if got := b.Text(script("return sp.text(await sub.recv({timeout: 30000}))")); got != "a2" {
		t.Errorf("after the restart received %q", got)
	}
	if got := b.Text(script("sub.close(); return [...new Set(happened)].join()")); got != "connected,disconnected,dialfailed" {
		t.Errorf("events: %s", got)
	}

	deaf := serve(t, s, gonng.NewRep0)
	b.Text(script("globalThis.req = new sp.Req('/sp', {json: true}); globalThis.reply = req.request({ask: 1}); return ''"))
	_, err := deaf.Recv(ctx)
	check(t, err)
	s.socket.Store(nil)
	check(t, deaf.Close())
	rep := serve(t, s, gonng.NewRep0)
	asked, err := rep.Recv(ctx)
	check(t, err)
	check(t, rep.Send(ctx, asked))
	if got := b.Text(script("return JSON.stringify(await reply)")); got != `{"ask":1}` {
		t.Errorf("the reply is %s", got)
	}
	b.Text(script("req.close(); return ''"))
}

// What is sent across a restart arrives in order and once, but for what was under way.
func testPushAcrossRestart(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	b := chromium.Tab(t, s.URL)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	first := serve(t, s, gonng.NewPull0)
	b.Text(script(`
		globalThis.push = new sp.Push('/sp')
		globalThis.sent = (async () => { for (let i = 0; i < 20000; i++) await push.send(String(i).padEnd(1024)) })()
		return ''`))
	last := -1
	for pull := first; last < 19_999; {
		m, err := pull.Recv(ctx)
		check(t, err)
		var i int
		fmt.Sscan(string(m), &i)
		if i <= last || pull == first && i != last+1 {
			t.Fatalf("%d comes after %d", i, last)
		}
		if last = i; pull == first && i == 5000 {
			check(t, first.Close())
			pull = serve(t, s, gonng.NewPull0)
		}
	}
	b.Text(script("await sent; await push.close(); return ''"))
}

// A server that reads nothing: sends wait or drop as the protocol says, and the memory of the
// browser is bounded.
func testStalledServer(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	s.stalled(t)
	b := chromium.Tab(t, s.URL)
	for name, row := range map[string]struct{ code, want string }{
		"push": {`const s = new sp.Push('/stalled')
			await s.waitPeers()
			let sent = 0, error = 'none'
			for (; sent < 100e3; sent++) if ((error = await failure(s.send(new Uint8Array(1024), {timeout: 1000}))) !== 'no error') break
			const {buffered, waiting} = s.stats()
			s.close({linger: 0})
			return error + (buffered <= 257 << 10 && waiting === 0 ? ' bounded' : ' ' + buffered)`, "ErrTimeout 5: timed out sending bounded"},
		"pub": {`const s = new sp.Pub('/stalled')
			let told = 0
			s.addEventListener('dropped', e => told++)
			await s.waitPeers()
			for (let i = 0; i < 100e3; i++) await s.send(new Uint8Array(1024))
			const {buffered, droppedFull, sent} = s.stats()
			s.close({linger: 0})
			return told > 0 && buffered <= (4 << 20) + 1024 && droppedFull + sent === 100e3 && droppedFull > 0 ? 'bounded' : JSON.stringify(s.stats())`, "bounded"},
		"req": {`const s = new sp.Req('/stalled')
			return failure(s.request('x', {signal: AbortSignal.timeout(100)}))`, "ErrTimeout 5: timed out: the signal says so"},
		"abort": {`const c = new AbortController()
			const s = new sp.Pair('/stalled', {signal: c.signal})
			const got = failure(s.recv({signal: c.signal}))
			c.abort()
			return await got + (s.closed ? ' closed' : '')`, "closed"},
	} {
		if got := b.Text(script(row.code)); !strings.Contains(got, row.want) {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// A page that does not receive holds a bounded number of bytes: a Sub drops its oldest
// messages; a Pull ends the connection, and comes back when it has received.
func testStalledPage(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	b := chromium.Tab(t, s.URL)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	push := serve(t, s, gonng.NewPush0)
	b.Text(script("globalThis.pull = new sp.Pull('/sp', {recvBuffer: 100000, log: null}); return ''"))
	check(t, push.WaitPeers(ctx, 1))
	connected, gone := context.WithCancel(ctx)
	push.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { gone() })
	for sent := 0; ; sent++ {
		if sent > 100_000 {
			t.Fatal("the page takes everything")
		}
		if err := push.Send(connected, talk.Body(sent)); errors.Is(err, gonng.ErrCanceled) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	got := b.Text(script(`
		const {queuedBytes, queued} = pull.stats()
		const full = queuedBytes > 100000 && queuedBytes < 105000 && pull.lastError.name
		for (let i = 0; i < queued; i++) await pull.recv()
		return full`))
	if got != "ErrNoMemory" {
		t.Errorf("the page has %s", got)
	}
	check(t, push.WaitPeers(ctx, 1)) // it has come back
	check(t, push.Send(ctx, []byte("more")))
	if got := b.Text(script("return sp.text(await pull.recv())")); got != "more" {
		t.Errorf("then it receives %q", got)
	}
	b.Text(script("pull.close(); return ''"))

	pub := serve(t, s, gonng.NewPub0)
	b.Text(script("globalThis.sub = new sp.Sub('/sp', {recvBuffer: 100000, topics: ''}); await sub.waitPeers(); return ''"))
	check(t, pub.WaitPeers(ctx, 1))
	for i := range 1000 {
		check(t, pub.Send(ctx, talk.Body(i)))
	}
	b.Until("all has arrived", "sub.stats().received === 1000")
	got = b.Text(script(`
		const {queued, queuedBytes, droppedFull} = sub.stats()
		const first = new DataView((await sub.recv()).buffer).getUint32(0)
		sub.close()
		return [queuedBytes <= 100000, queued + droppedFull, first === droppedFull].join()`))
	if got != "true,1000,true" {
		t.Errorf("the subscriber: %s", got)
	}
}

// Each failure ends in an error that says what it may be.
func testErrors(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	serve(t, s, gonng.NewRep0)
	s.mux.HandleFunc("/401", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you", http.StatusUnauthorized) })
	gone := httptest.NewServer(nil)
	gone.Close()
	other := newSite(t)
	b := chromium.Tab(t, s.URL)
	for name, row := range map[string]struct {
		url  string
		want []string
	}{
		"wrong protocol": {s.ws(), []string{"ErrConnectionRefused 6", "as sub", "another protocol"}},
		"nothing there":  {s.ws() + "/nothing", []string{"ErrConnectionRefused 6", "(404)"}},
		"401":            {"/401", []string{"ErrConnectionRefused 6", "(401)"}},
		"gone":           {"ws" + gone.URL[4:], []string{"ErrConnectionRefused 6", "nobody listens"}},
		"tcp":            {"tcp://127.0.0.1:5555", []string{"ErrNotSupported 9", "ws://"}},
		"no URL":         {"ws://", []string{"ErrAddressInvalid 15"}},
		"closed port":    {other.ws(), []string{"ErrConnectionRefused 6", "look at the console"}},
	} {
		got := b.Text(script("const s = new sp.Sub([], {log: null}); const f = await failure(s.dial(%q, {wait: true})); s.close(); return f", row.url))
		for _, want := range row.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s; want %q in it", name, got, want)
			}
		}
	}
	for code, want := range map[string]string{
		"const s = new sp.Req('/401', {log: null}); const f = await failure(s.request('x', {timeout: 300})); s.close(); return f":                                "no peer is connected: cannot connect to",
		"const s = new sp.Push(); const f = failure(s.send('x')); s.close(); return f":                                                                           "ErrClosed 7",
		"const s = new sp.Push(); return failure(s.send({}))":                                                                                                    "ErrInvalid 3",
		"const s = new sp.Rep(); return failure(s.send('x'))":                                                                                                    "ErrBadState 11",
		"const s = new sp.Sub(); return failure((async () => s.unsubscribe('x'))())":                                                                             "ErrNoEntry 12",
		"return failure((async () => new sp.Sub([], {topic: 'x'}))())":                                                                                           "ErrInvalid 3: there is no option topic",
		"const s = new sp.Pull(); const a = s.recv().then(() => 0, e => e instanceof sp.ErrClosed); s.close(); for await (const m of s); return String(await a)": "true",
		`const s = new sp.Sub([], {topics: 'a'})
			const f = await failure((async () => s.unsubscribe('a', 'x'))())
			s.unsubscribe('a')
			return f`: "ErrNoEntry 12",
		`const all = []
			class Watched extends WebSocket { constructor(...args) { super(...args); all.push(this) } }
			const options = {WebSocket: Watched, log: null}
			const bad = [() => new sp.Sub(['/sp', 'tcp://x'], options), () => new sp.Sub('/sp', {...options, topics: 5})]
			for (const create of bad) if (await failure((async () => create())()) === 'no error') return 'no error'
			return String(all.every(ws => ws.readyState > 1)) // none is open or will be`: "true",
	} {
		if got := b.Text(script(code)); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

// A page of one origin cannot use a listener of another, unless that says so.
func testTwoOrigins(t *testing.T, chromium *browsertest.Browser) {
	page, service := newSite(t), newSite(t)
	rep := serve(t, service, gonng.NewRep0)
	go rep.Serve(t.Context(), echo)
	b := chromium.Tab(t, page.URL)
	ask := script("const s = new sp.Req([], {log: null}); const f = await failure(s.dial(%q, {wait: true}).then(() => s.request('x'))); s.close(); return f", service.ws())
	if got := b.Text(ask); !strings.Contains(got, "ErrConnectionRefused") || !strings.Contains(got, "WithCheckOrigin") {
		t.Errorf("a page of another origin: %s", got)
	}
	service.put(t, rep, gonng.WithCheckOrigin(func(r *http.Request) bool { return r.Header.Get("Origin") == page.URL }))
	if got := b.Text(ask); got != "no error" {
		t.Errorf("a page of the origin that is let in: %s", got)
	}
}
