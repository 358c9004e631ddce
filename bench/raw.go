package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
)

// bufferSize is that of one batched write or read.
const bufferSize = 64 << 10

// headerSize is the length in front of each message, as in the SP framing.
const headerSize = 8

// A rawConn is a plain Go connection. The raw contestants add their way to
// write and read a message.
type rawConn struct {
	url  string
	ln   net.Listener // nil on the side that dials
	conn net.Conn
	r    *bufio.Reader
}

func openRaw(j job) (*rawConn, error) {
	if j.listens() {
		ln, err := listenRaw(j)
		if err != nil {
			return nil, err
		}
		return &rawConn{url: j.urlOf(ln), ln: ln}, nil
	}
	conn, err := dialRaw(j)
	if err != nil {
		return nil, err
	}
	c := &rawConn{url: j.url}
	c.use(conn)
	return c, nil
}

func listenRaw(j job) (net.Listener, error) {
	network, addr := j.network()
	ln, err := net.Listen(network, addr)
	if err != nil || j.scheme() != "tls+tcp" {
		return ln, err
	}
	config, err := j.tlsConfig()
	return tls.NewListener(ln, config), err
}

// urlOf has the real port.
func (j job) urlOf(ln net.Listener) string { return j.scheme() + "://" + ln.Addr().String() }

// acceptRaw closes the listener when ctx is over.
func acceptRaw(ctx context.Context, ln net.Listener) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() {
		_ = ln.Close() // the listener's only failure is to be closed already
	})
	defer stop()
	return ln.Accept()
}

func dialRaw(j job) (net.Conn, error) {
	network, addr := j.network()
	if j.scheme() != "tls+tcp" {
		return net.Dial(network, addr)
	}
	config, err := j.tlsConfig()
	if err != nil {
		return nil, err
	}
	return tls.Dial(network, addr, config)
}

// network is the address as package net has it.
func (j job) network() (network, addr string) {
	scheme, addr, _ := strings.Cut(j.url, "://")
	if scheme == "ipc" {
		return "unix", addr
	}
	return "tcp", addr
}

func (c *rawConn) use(conn net.Conn) {
	c.conn, c.r = conn, bufio.NewReaderSize(conn, bufferSize)
}

func (c *rawConn) URL() string { return c.url }

func (c *rawConn) Join(ctx context.Context) error {
	if c.ln == nil {
		return nil
	}
	conn, err := acceptRaw(ctx, c.ln)
	if err != nil {
		return err
	}
	c.use(conn)
	return c.ln.Close()
}

func (c *rawConn) Close() error { return c.conn.Close() }

// recvFrom parses the next message. It lies in the reader's buffer or, if it
// is too large for that, is put together in the other one.
func recvFrom(r *bufio.Reader, large *[]byte) ([]byte, error) {
	header, err := r.Peek(headerSize)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint64(header))
	if n > r.Size()-headerSize {
		*large = slices.Grow((*large)[:0], n)[:n]
		_, _ = r.Discard(headerSize) // peeked: it is there
		_, err = io.ReadFull(r, *large)
		return *large, err
	}
	message, err := r.Peek(headerSize + n)
	if err != nil {
		return nil, err
	}
	_, _ = r.Discard(len(message))
	return message[headerSize:], nil
}
