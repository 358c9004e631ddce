package spjs

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, method, etag string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/static/sp.js", nil)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	w := httptest.NewRecorder()
	Script.ServeHTTP(w, r)
	return w.Result()
}

func TestScript(t *testing.T) {
	first := get(t, "GET", "")
	body, err := io.ReadAll(first.Body)
	if err != nil || first.StatusCode != 200 || !bytes.Equal(body, source) {
		t.Errorf("status %d, %d bytes, %v", first.StatusCode, len(body), err)
	}
	if kind := first.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/javascript") {
		t.Errorf("the type is %s", kind)
	}
	etag := first.Header.Get("ETag")
	for _, row := range []struct {
		method, etag string
		status       int
	}{{"GET", etag, 304}, {"HEAD", "", 200}, {"GET", `"other"`, 200}, {"POST", "", 405}} {
		if got := get(t, row.method, row.etag).StatusCode; got != row.status {
			t.Errorf("%s with ETag %q: status %d, want %d", row.method, row.etag, got, row.status)
		}
	}
}

// What a page loads stays small.
func TestSize(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write(source)
	w.Close()
	lines := bytes.Count(source, []byte("\n"))
	if lines >= 600 || zipped.Len() >= 8000 {
		t.Errorf("sp.js has %d lines and, compressed, %d bytes; want less than 600 and 8000", lines, zipped.Len())
	}
}
