// Package spjs serves sp.js, with which a web page speaks the Scalability Protocols to the
// ws and wss listeners of this program:
//
//	pub.Listen(ctx, "ws:///")
//	http.Handle("/prices", pub.Listeners()[0].Handler())
//	http.Handle("/sp.js", spjs.Script)
//
// and in the page
//
//	<script type="module">
//	import { Sub, text } from '/sp.js'
//	for await (const m of new Sub('/prices', { topics: 'EUR' })) document.body.append(text(m))
//	</script>
//
// The same directory is the npm package @gonng/sp, with types in sp.d.ts. docs/browser.md is
// the manual.
package spjs

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"time"
)

//go:embed sp.js
var source []byte

// Script serves sp.js, an ES module, at whatever path it is given: as text/javascript, with
// an ETag. A cache may keep it and asks each time whether it is still the same, so that a new
// version of the program is not met by an old script. Other origins may import it: it is no
// secret. Methods other than GET and HEAD get status 405.
var Script http.Handler = script{etag()}

type script struct{ etag string }

func etag() string {
	sum := sha256.Sum256(source)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// ServeHTTP implements http.Handler.
func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "sp.js can only be read", http.StatusMethodNotAllowed)
		return
	}
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-cache") // to be kept, and asked for by its ETag
	h.Set("ETag", s.etag)
	http.ServeContent(w, r, "sp.js", time.Time{}, bytes.NewReader(source))
}
