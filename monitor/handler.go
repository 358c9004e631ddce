package monitor

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var files embed.FS

// assets are the files of the page, with their types.
var assets = map[string]struct{ file, mime string }{
	"":              {"page/index.html", "text/html; charset=utf-8"},
	"style.css":     {"page/style.css", "text/css; charset=utf-8"},
	"app.js":        {"page/app.js", "text/javascript; charset=utf-8"},
	"draw.js":       {"page/draw.js", "text/javascript; charset=utf-8"},
	"uplot.js":      {"page/uplot.js", "text/javascript; charset=utf-8"},
	"uplot.css":     {"page/uplot.css", "text/css; charset=utf-8"},
	"uplot.LICENSE": {"page/uplot.LICENSE", "text/plain; charset=utf-8"},
}

// handler serves the page and its data.
type handler struct {
	watch   watch // for snapshot.json
	sampler sampler
}

// Handler serves, below any path that ends in a slash, the page, snapshot.json and events.
// It answers GET and HEAD only, and refuses (403) what a page of another origin asks for.
// The documentation of the package says what it shows and to whom.
//
// snapshot.json takes a snapshot at each request. Its query may have socket (the ID of one),
// limit (pipes of each socket; default 100, at most 1000), offset (the pipes to leave out) and
// events (the number of the last; default 100).
func Handler() http.Handler { return new(handler) }

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the monitor is read-only", http.StatusMethodNotAllowed)
	case !ofThisOrigin(r, name):
		http.Error(w, "the monitor does not answer pages of other origins", http.StatusForbidden)
	case name == "snapshot.json":
		h.serveSnapshot(w, r)
	case name == "events":
		h.sampler.serve(w, r)
	default:
		serveAsset(w, r, name)
	}
}

// protect keeps other pages from showing or reading the monitor, and the monitor from
// running or loading what is not its own.
func protect(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
}

// ofThisOrigin reports whether the request is not one of a page of another origin. A link
// to the page itself may stand anywhere.
func ofThisOrigin(r *http.Request, name string) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err == nil && u.Host == r.Host
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return name == "" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	}
	return true
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	a, ok := assets[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	data, err := files.ReadFile(a.file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", a.mime)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func (h *handler) serveSnapshot(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	number := func(key string, usual, most int64) (n int64, ok bool) {
		text := query.Get(key)
		if text == "" {
			return usual, true
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > most {
			http.Error(w, fmt.Sprintf("%s=%.20q: want a number from 0 to %d", key, text, most), http.StatusBadRequest)
			return 0, false
		}
		return n, true
	}
	socket, ok1 := number("socket", 0, 1<<32-1)
	if !ok1 {
		return
	}
	offset, ok2 := number("offset", 0, 1<<31-1)
	if !ok2 {
		return
	}
	limit, ok3 := number("limit", 100, 1000)
	if !ok3 {
		return
	}
	latest, ok4 := number("events", 100, 1000)
	if !ok4 {
		return
	}
	snapshot := h.watch.take(page{socket: uint32(socket), offset: int(offset), limit: int(limit)})
	all, _ := events(0)
	snapshot.Events = all[max(0, len(all)-int(latest)):]
	data, err := json.Marshal(snapshot)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(data)
}
