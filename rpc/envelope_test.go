package rpc

import (
	"bytes"
	"maps"
	"math"
	"strings"
	"testing"
	"time"
)

// The envelopes of docs/wire.md, byte for byte.
func TestEnvelopes(t *testing.T) {
	q, err := appendRequest(nil, 1500, "greet", Header{"k": "val"})
	wantBytes(t, append(q, "{}"...), err, "\xf5gonng?\x01\x00\x00\x05\xdc\x05\x01greet\x01\x00\x03kval{}")
	r, err := appendReply(nil, codeOK, "", nil, Header{"k": "val"})
	wantBytes(t, append(r, "{}"...), err, "\xf5gonng!\x01\x00\x01\x00\x00\x00\x00\x00\x00\x01\x00\x03kval{}")
	r, err = appendReply(nil, CodeNotFound, "no", []byte("why"), nil)
	wantBytes(t, r, err, "\xf5gonng!\x01\x05\x00\x00\x02\x00\x00\x00\x03nowhy")
}

func wantBytes(t *testing.T, got []byte, err error, want string) {
	t.Helper()
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// A call without headers costs at most 64 bytes, its method's name of up to 50 included.
func TestOverhead(t *testing.T) {
	q, err := appendRequest(nil, math.MaxUint32, strings.Repeat("m", 50), nil)
	if err != nil || len(q) > 64 {
		t.Errorf("a request has %d bytes beside its payload, %v", len(q), err)
	}
	r, err := appendReply(nil, codeOK, "", nil, nil)
	if err != nil || len(r) > 64 {
		t.Errorf("a reply has %d bytes beside its payload, %v", len(r), err)
	}
}

// headersOf has n headers of two bytes and the lengths.
func headersOf(n int) Header {
	h := make(Header)
	for i := range n {
		h[string(rune('a'+i/26))+string(rune('a'+i%26))] = ""
	}
	return h
}

func TestLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name   string
		method string
		header Header
		fails  bool
	}{
		{"longest method", long(maxMethod), nil, false},
		{"method too long", long(maxMethod + 1), nil, true},
		{"no method", "", nil, true},
		{"most headers", "m", headersOf(maxHeaders), false},
		{"too many headers", "m", headersOf(maxHeaders + 1), true},
		{"most bytes", "m", Header{"k": long(maxHeaderBytes - 4)}, false},
		{"too many bytes", "m", Header{"k": long(maxHeaderBytes - 3)}, true},
		{"longest key", "m", Header{long(maxKey): ""}, false},
		{"key too long", "m", Header{long(maxKey + 1): ""}, true},
		{"no key", "m", Header{"": "v"}, true},
	} {
		b, err := appendRequest(nil, 0, c.method, c.header)
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		q, err := parseRequest(append(b, "payload"...))
		if err != nil || string(q.method) != c.method || !maps.Equal(q.header, c.header) || string(q.payload) != "payload" {
			t.Errorf("%s: read as %q, %d headers, %q, %v", c.name, q.method, len(q.header), q.payload, err)
		}
	}
}

// What a peer may send that this package does not make.
func TestMalformed(t *testing.T) {
	request := func(method, headers byte, rest string) string {
		return requestMagic + "\x01\x00\x00\x00\x00" + string([]byte{method, headers}) + rest
	}
	reply := func(code, headers byte, lengths, rest string) string {
		return replyMagic + "\x01" + string([]byte{code, headers}) + lengths + rest
	}
	twice := "\x01\x00\x00k\x01\x00\x00k"
	for b, word := range map[string]string{
		"":                                "does not begin",
		"hello":                           "does not begin",
		requestMagic:                      "cut short",
		requestMagic + "\x02":             "version 2",
		requestMagic + "\x01\x00\x00\x00": "cut short",
		request(0, 0, ""):                 "no method",
		request(2, 0, "m"):                "cut short",
		request(1, 65, "m"):               "65 headers",
		request(1, 1, "m"):                "cut short",
		request(1, 1, "m\x00\x00\x01v"):   "no key",
		request(1, 1, "m\x01\x00\x02kv"):  "cut short",
		request(1, 2, "m"+twice):          "twice",
		request(1, 1, "m\x01\xff\xffk"):   "cut short",
		request(1, 1, "m\x01\x20\x00k"+strings.Repeat("v", 8192)): "more than 8192",
	} {
		if _, err := parseRequest([]byte(b)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the request %q: %v, want %q", b[:min(len(b), 40)], err, word)
		}
	}
	for b, word := range map[string]string{
		"hello":             "does not begin",
		request(1, 0, "m"):  "is an rpc request",
		replyMagic + "\x01": "cut short",
		replyMagic + "\x00": "version 0",
		reply(17, 0, "\x00\x00\x00\x00\x00\x00", ""):   "17 is no code",
		reply(5, 0, "\x00\x02\x00\x00\x00\x00", "a"):   "cut short",
		reply(5, 0, "\x10\x01\x00\x00\x00\x00", "a"):   "4097 bytes",
		reply(5, 0, "\x00\x00\xff\xff\xff\xff", "a"):   "cut short",
		reply(5, 0, "\x00\x00\x00\x00\x00\x00", "a"):   "has a payload",
		reply(0, 0, "\x00\x01\x00\x00\x00\x00", "a"):   "has a payload",
		reply(0, 2, "\x00\x00\x00\x00\x00\x00", twice): "twice",
	} {
		if _, err := parseReply([]byte(b)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the reply %q: %v, want %q", b, err, word)
		}
	}
}

// A text that is too long is cut between two characters.
func TestLongText(t *testing.T) {
	b, err := appendReply(nil, CodeUnknown, strings.Repeat("x", maxText-1)+"ü", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := parseReply(b); err != nil || string(r.text) != strings.Repeat("x", maxText-1) {
		t.Errorf("a text of %d bytes, %v", len(r.text), err)
	}
}

func TestTimeouts(t *testing.T) {
	for d, most := range map[time.Duration]uint32{-time.Hour: 1, 0: 1, time.Microsecond: 1, time.Minute: 60_000, 100 * 24 * time.Hour: math.MaxUint32} {
		if got := timeoutUntil(time.Now().Add(d)); got == noTimeout || got > most {
			t.Errorf("a deadline in %v is a timeout of %d ms", d, got)
		}
	}
	if got := timeoutUntil(time.Now().Add(100 * 24 * time.Hour)); got != math.MaxUint32 {
		t.Errorf("a deadline in 100 days is a timeout of %d ms", got)
	}
}

// What parses is written again as it was, but for the order of headers.
func FuzzParse(f *testing.F) {
	q, _ := appendRequest(nil, 1500, "greet", Header{"a": "b", "c": ""})
	r, _ := appendReply(nil, codeOK, "", nil, Header{"a": "b"})
	e, _ := appendReply(nil, CodeNotFound, "text", []byte("details"), nil)
	for _, b := range [][]byte{nil, q, append(q, "{}"...), append(r, "{}"...), e, q[:len(q)-1], e[:len(e)-1]} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		q, requestErr := parseRequest(b)
		r, replyErr := parseReply(b)
		switch {
		case requestErr == nil && replyErr == nil:
			t.Fatal("a request and a reply at once")
		case requestErr == nil:
			again, err := appendRequest(nil, q.timeout, string(q.method), q.header)
			wantAgain(t, b, append(again, q.payload...), err, q.header)
			second, err := parseRequest(append(again, q.payload...))
			if err != nil || second.timeout != q.timeout || !bytes.Equal(second.method, q.method) || !maps.Equal(second.header, q.header) || !bytes.Equal(second.payload, q.payload) {
				t.Fatalf("%+v is read again as %+v, %v", q, second, err)
			}
		case replyErr == nil:
			again, err := appendReply(nil, r.code, string(r.text), r.details, r.header)
			wantAgain(t, b, append(again, r.payload...), err, r.header)
			second, err := parseReply(append(again, r.payload...))
			if err != nil || second.code != r.code || !bytes.Equal(second.text, r.text) || !bytes.Equal(second.details, r.details) || !maps.Equal(second.header, r.header) || !bytes.Equal(second.payload, r.payload) {
				t.Fatalf("%+v is read again as %+v, %v", r, second, err)
			}
		}
	})
}

func wantAgain(t *testing.T, b, again []byte, err error, h Header) {
	t.Helper()
	if err != nil || len(again) != len(b) || len(h) < 2 && !bytes.Equal(again, b) {
		t.Fatalf("%q is written again as %q, %v", b, again, err)
	}
}
