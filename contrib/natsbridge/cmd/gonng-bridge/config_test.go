package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/natsbridge/internal/natstest"
	"github.com/gonng/gonng/gonngtest"
)

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                                    "no socket: give one of --rep",
		"--rep tcp://:0":                      "neither --nats nor --stream",
		"--rep tcp://:0 --req tcp://:0":       "there is --rep already",
		"--rep tcp://:0 --nats x dog":         `"dog" is not an option`,
		"--rep tcp://:0 --nats x --dog":       "dog",
		"--rep tcp://:0 --stream S --nats x":  "with --stream give --subject",
		"--rep tcp://:0 --subject x":          "for core NATS give --nats",
		"--dial --listen --rep x --nats x":    "contradict each other",
		"--req tcp://:0 --stream S":           "durable",
		"--pull tcp://:0 --nats x":            "pull needs a stream",
		"--sub x --stream S":                  "not with a stream",
		"--rep x --nats x --tlscert f":        "go together",
		"--rep x --nats x --monitor nowhere":  "want host:port",
		"--rep x --nats x --timeout -1s":      "negative",
		"--rep x --nats x --max-deliver many": "max-deliver",
	} {
		var out, err bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), &out, &err); code != exitUsage || !strings.Contains(err.String(), want) || out.Len() > 0 {
			t.Errorf("%q: exit code %d, %q, want %q", args, code, err.String(), want)
		}
	}
	for _, args := range []string{"--help", "-h", "--version"} {
		var out, err bytes.Buffer
		if code := run(t.Context(), []string{args}, &out, &err); code != exitOK || !strings.Contains(out.String(), "gonng-bridge") || err.Len() > 0 {
			t.Errorf("%s: exit code %d, %q", args, code, err.String())
		}
	}
	var out, err bytes.Buffer
	if code := run(t.Context(), []string{"--rep", "tls+tcp://:0", "--nats", "x", "--cert", "none.pem"}, &out, &err); code != exitError || !strings.Contains(err.String(), "none.pem") {
		t.Errorf("without the file of --cert: exit code %d, %q", code, err.String())
	}
}

// TestTLS: TLS with certificates of both sides, and who we are, for NATS and for SP.
func TestTLS(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	ca := gonngtest.NewCA(t)
	c := ca.Issue(t)
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		check(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	cert, key, both, authority := file("cert", c.Cert), file("key", c.Key), file("both", c.Cert+c.Key), file("ca", ca.PEM)
	pair, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key))
	check(t, err)
	s := natstest.Start(t, server.Options{
		Username: "me", Password: "secret",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: ca.Pool, ClientAuth: tls.RequireAndVerifyClientCert},
	})
	port := s.Addr().(*net.TCPAddr).Port

	in := launch(t, true, "bridge", "--rep", "tls+tcp://127.0.0.1:0", "--cacert", authority, "--cert", both, "--nats", "ask",
		"--server", fmt.Sprintf("tls://me:secret@127.0.0.1:%d", port), "--tlsca", authority, "--tlscert", cert, "--tlskey", key)
	config, err := gonng.TLSConfig{Mode: gonng.TLSClient, CA: ca.PEM, OwnCert: c.Cert, OwnKey: c.Key}.Build()
	check(t, err)
	req, err := gonng.NewReq0(gonng.WithDial(in.url, gonng.WithTLS(config)))
	check(t, err)
	t.Cleanup(func() { req.Close() })

	nc, err := nats.Connect(s.ClientURL(), nats.UserInfo("me", "secret"), nats.RootCAs(authority), nats.ClientCert(cert, key))
	check(t, err)
	t.Cleanup(nc.Close)
	_, err = nc.Subscribe("ask", func(m *nats.Msg) { _ = m.Respond([]byte("answer to " + string(m.Data))) })
	check(t, err)
	check(t, nc.Flush())
	if b, err := req.Request(ctx, []byte("question")); err != nil || string(b) != "answer to question" {
		t.Errorf("the reply is %q, %v", b, err)
	}

	stranger, err := gonng.TLSConfig{Mode: gonng.TLSClient, CA: ca.PEM}.Build()
	check(t, err)
	if _, err := req.Dial(ctx, in.url, gonng.WithTLS(stranger), gonng.WithDialMode(gonng.DialWait)); err == nil {
		t.Error("a requester without a certificate is let in")
	}
	in.term()
}

// TestMonitor: --monitor serves the page of package monitor.
func TestMonitor(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	url := natstest.Start(t, server.Options{}).ClientURL()
	ctx, cancel := context.WithCancel(gonngtest.Context(t, gonngtest.Timeout))
	defer cancel()
	r, out := io.Pipe()
	lines, told := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--rep", "tcp://127.0.0.1:0", "--nats", "ask", "--server", url, "--monitor", ":0"}, out, told)
		told.Close()
	}()
	line, err := bufio.NewReader(lines).ReadString('\n')
	check(t, err)
	go io.Copy(io.Discard, lines)
	_, err = bufio.NewReader(r).ReadString('\n')
	check(t, err)
	page := strings.TrimSpace(line[strings.Index(line, "http://"):])
	reply, err := http.Get(page + "snapshot.json")
	check(t, err)
	body, err := io.ReadAll(reply.Body)
	reply.Body.Close()
	check(t, err)
	if !strings.Contains(string(body), `"bridge"`) {
		t.Errorf("the monitor says %s", body)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
