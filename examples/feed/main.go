// Command feed is a live page: a program publishes prices, and a page draws them by sp.js. Who
// wants to see them signs in; the program's own handler checks the cookie before the listener
// sees the request. When the program restarts, pages reconnect by themselves.
//
//	go run ./examples/feed
//
// and then open http://127.0.0.1:8080 (the password is demo). The same page with a Go client,
// compiled to WebAssembly, is http://127.0.0.1:8080/wasm.html; see ./examples/wasm.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/spjs"
)

var (
	listen   = flag.String("listen", "127.0.0.1:8080", "`address` of the web server")
	password = flag.String("password", "demo", "what a user has to know")
	wasm     = flag.String("wasm", "", "`directory` with client.wasm and wasm_exec.js")
)

//go:embed index.html wasm.html page.css
var pages embed.FS

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	pub, err := gonng.NewPub0()
	if err != nil {
		return err
	}
	defer pub.Close()
	feed, err := pub.Listen(ctx, "ws:///") // the requests come from the web server below
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(pages))
	mux.Handle("/sp.js", spjs.Script)
	mux.HandleFunc("POST /login", login)
	mux.Handle("/feed", signedIn(feed.Handler()))
	mux.Handle("/signed-in", signedIn(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })))
	if *wasm != "" {
		files := http.FileServer(http.Dir(*wasm))
		mux.Handle("/client.wasm", files)
		mux.Handle("/wasm_exec.js", files)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	log.Printf("open http://%s", l.Addr())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	err = publish(ctx, pub)
	return errors.Join(err, server.Close(), only(<-served))
}

func only(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// price is a message of the feed. On the wire the name comes first, as the topic.
type price struct {
	Name  string    `json:"name"`
	Price float64   `json:"price"`
	Time  time.Time `json:"time"`
}

// publish invents prices until ctx ends.
func publish(ctx context.Context, pub *gonng.Pub0) error {
	prices := []price{{Name: "EUR", Price: 100}, {Name: "GBP", Price: 120}, {Name: "JPY", Price: 60}}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			p := &prices[rand.IntN(len(prices))]
			p.Price, p.Time = p.Price*(1+rand.NormFloat64()/200), now
			data, err := json.Marshal(p)
			if err != nil {
				return err
			}
			if err := pub.Send(ctx, fmt.Appendf(nil, "%s %s", p.Name, data)); err != nil && ctx.Err() == nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// session is the value of the cookie of a user. It depends on the password alone, so that it
// outlives a restart; a program with several users has more to say in it.
func session() string {
	mac := hmac.New(sha256.New, []byte(*password))
	mac.Write([]byte("feed"))
	return hex.EncodeToString(mac.Sum(nil))
}

const cookie = "session"

func login(w http.ResponseWriter, r *http.Request) {
	if !hmac.Equal([]byte(r.PostFormValue("password")), []byte(*password)) {
		http.Error(w, "wrong password", http.StatusForbidden)
		return
	}
	// Strict: pages of other sites cannot use it. Set Secure, too, where the site has TLS.
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: session(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.WriteHeader(http.StatusNoContent)
}

// signedIn passes on the requests that have the cookie. The browser sends it with the request
// of a WebSocket, as with any other.
func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(cookie)
		if err != nil || !hmac.Equal([]byte(c.Value), []byte(session())) {
			http.Error(w, "sign in first", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
