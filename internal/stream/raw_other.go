//go:build !unix

package stream

import "syscall"

const rawSupported = false

type rawWriter struct{}

func (*rawWriter) init(syscall.RawConn) {}

func (*rawWriter) try([]byte) (int, error) { return 0, nil }

type rawReader struct{}

func (*rawReader) init(syscall.RawConn, func() []byte, func()) {}

func (*rawReader) try() (int, error) { return 0, nil }

func (*rawReader) read() (int, error) { panic("stream: raw read without raw support") }
