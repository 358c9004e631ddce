package main

import (
	"encoding/binary"
	"errors"
	"strconv"
)

// formatter is one way to print messages.
type formatter struct {
	name string
	// append adds what is printed of msg to b. No separator follows a message
	// unless the format itself has one.
	append func(b, msg []byte) []byte
}

func formatters() []formatter {
	return []formatter{
		{"no", func(b, _ []byte) []byte { return b }},
		{"raw", func(b, msg []byte) []byte { return append(b, msg...) }},
		{"ascii", appendASCII},
		{"quoted", appendQuoted},
		{"hex", appendHex},
		{"msgpack", appendMsgpack},
	}
}

// setFormat is --format. nngcat has no default: without any it prints nothing.
func (c *catConfig) setFormat(name string) (err error) {
	if c.format != nil {
		return errors.New("there is a format already: give only one")
	}
	c.format, err = find(formatters(), func(f formatter) string { return f.name }, "format", name)
	return err
}

func (c *catConfig) formatAs(name string) func(string) error {
	return func(string) error { return c.setFormat(name) }
}

// print writes a message at once: who reads the output may wait for it.
func (c *cat) print(msg []byte) error {
	if c.format == nil {
		return nil
	}
	c.buf = c.format.append(c.buf[:0], msg)
	if len(c.buf) == 0 {
		return nil
	}
	_, err := c.out.Write(c.buf)
	return outputError(err)
}

func printable(c byte) bool { return ' ' <= c && c <= '~' }

func appendASCII(b, msg []byte) []byte {
	for _, c := range msg {
		if !printable(c) {
			c = '.'
		}
		b = append(b, c)
	}
	return b
}

// appendQuoted makes a C string and ends the line. Of C's letters nngcat
// knows n, r and t.
func appendQuoted(b, msg []byte) []byte {
	b = append(b, '"')
	for _, c := range msg {
		switch {
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '"', c == '\\':
			b = append(b, '\\', c)
		case printable(c):
			b = append(b, c)
		default:
			b = appendEscape(b, c)
		}
	}
	return append(b, '"', '\n')
}

// appendHex makes a C string of escapes only and ends the line.
func appendHex(b, msg []byte) []byte {
	b = append(b, '"')
	for _, c := range msg {
		b = appendEscape(b, c)
	}
	return append(b, '"', '\n')
}

func appendEscape(b []byte, c byte) []byte {
	b = append(b, `\x`...)
	if c < 0x10 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, uint64(c), 16)
}

// appendMsgpack makes a bin 8, bin 16 or bin 32 of MessagePack.
func appendMsgpack(b, msg []byte) []byte {
	switch n := len(msg); {
	case n < 1<<8:
		b = append(b, 0xc4, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0xc5), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xc6), uint32(n))
	}
	return append(b, msg...)
}
