//go:build !unix

package stream

import "syscall"

const rawSupported = false

type rawWriter struct{}

func (*rawWriter) init(syscall.RawConn) {}

func (*rawWriter) try([]byte) (int, error) { return 0, nil }

type attempt struct{}

func (*attempt) init(*reader) {}

func (*reader) readRaw(bool) (int, error) { panic("stream: raw read without raw support") }
