package itest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gonng/gonng"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

// wantError fails unless err is all of the kinds, and an *OpError of op.
func wantError(t testing.TB, err error, op string, kinds ...error) {
	t.Helper()
	for _, kind := range kinds {
		if !errors.Is(err, kind) {
			t.Errorf("got error %v, want it to be %v", err, kind)
		}
	}
	var oe *gonng.OpError
	if !errors.As(err, &oe) {
		t.Errorf("error %v is a %T, want an *OpError", err, err)
	} else if oe.Op != op {
		t.Errorf("error %v is from operation %q, want %q", err, oe.Op, op)
	}
}

// wantText fails unless text has all of the words.
func wantText(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
}

func wantBody(t testing.TB, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("received %s, sent %s", abbreviated(got), abbreviated(want))
	}
}

func wantTexts(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("received %q, want %q", got, want)
	}
}

func wantMessage(t testing.TB, m *gonng.Message, header, body []byte) {
	t.Helper()
	if !bytes.Equal(m.Header(), header) || !bytes.Equal(m.Bytes(), body) {
		t.Fatalf("received header % x and %s, want header % x and %s", m.Header(), abbreviated(m.Bytes()), header, abbreviated(body))
	}
}

func abbreviated(body []byte) string {
	return fmt.Sprintf("%d bytes (%x…)", len(body), body[:min(len(body), 16)])
}
