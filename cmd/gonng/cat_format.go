package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gonng/gonng"
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
		{"lines", func(b, msg []byte) []byte { return append(append(b, msg...), '\n') }},
		{"json", nil}, // which wants more than the bytes: see appendJSON
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

// print writes a message, and without --lines at once: who reads the output may wait for it.
func (c *cat) print(m *gonng.Message) (err error) {
	switch {
	case c.format == nil:
		return nil
	case c.format.name == "json":
		c.buf, err = c.appendJSON(c.buf[:0], m)
	default:
		c.buf = c.format.append(c.buf[:0], m.Bytes())
	}
	if err != nil || len(c.buf) == 0 {
		return err
	}
	if c.colored {
		c.buf = append(append([]byte("\x1b[36m"), bytes.TrimSuffix(c.buf, []byte("\n"))...), "\x1b[0m\n"...)
	}
	if c.lines {
		_, err = c.pending.Write(c.buf)
	} else {
		_, err = c.out.Write(c.buf)
	}
	return outputError(err)
}

// catJSON is a message as --json prints it. The body is text if it can be.
type catJSON struct {
	Time   time.Time `json:"time"`
	Pipe   uint32    `json:"pipe,omitempty"`
	Peer   string    `json:"peer,omitempty"`
	Topic  *string   `json:"topic,omitempty"`
	Body   *string   `json:"body,omitempty"`
	Base64 []byte    `json:"base64,omitempty"`
}

func (c *cat) appendJSON(b []byte, m *gonng.Message) ([]byte, error) {
	out := catJSON{Time: time.Now()}
	if p := m.Pipe(); p != nil {
		out.Pipe, out.Peer = p.ID(), p.RemoteAddr().String()
	}
	for _, topic := range c.topics {
		if bytes.HasPrefix(m.Bytes(), []byte(topic)) && (out.Topic == nil || len(topic) > len(*out.Topic)) {
			out.Topic = &topic
		}
	}
	if body := string(m.Bytes()); utf8.ValidString(body) {
		out.Body = &body
	} else {
		out.Base64 = m.Bytes()
	}
	data, err := json.Marshal(out)
	return append(append(b, data...), '\n'), err
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
