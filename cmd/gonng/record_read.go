package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// recordReader reads a recording.
type recordReader struct {
	path   string
	in     *bufio.Reader
	size   int64 // of the file
	at     int64 // where the next record begins
	number int   // of the last record
	buf    []byte
	last   recorded
}

// tornError says that the recording ends within a record: the recorder was killed, or it
// still writes.
type tornError struct {
	path  string
	after int   // the last whole record
	bytes int64 // of the part
}

func (e *tornError) Error() string {
	return fmt.Sprintf("%s ends with %d bytes of a record that is not whole, behind record %d", e.path, e.bytes, e.after)
}

func notRecording(path string) error {
	return fmt.Errorf("%s is no recording, which gonng cat --record makes; name another file", path)
}

func newRecordReader(f *os.File, path string, size int64) (*recordReader, error) {
	r := &recordReader{path: path, in: bufio.NewReaderSize(io.NewSectionReader(f, 0, size), recordBuffer), size: size, at: int64(len(recordMagic))}
	magic := make([]byte, len(recordMagic))
	if _, err := io.ReadFull(r.in, magic); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return nil, err
	}
	if string(magic) != recordMagic {
		return nil, notRecording(path)
	}
	return r, nil
}

// next reads the next record, which is good until the one after. io.EOF: there is none. A
// *tornError: a part of one.
func (r *recordReader) next() (*recorded, error) {
	left := r.size - r.at
	if left == 0 {
		return nil, io.EOF
	}
	if left < 4 {
		return nil, &tornError{r.path, r.number, left}
	}
	length, err := r.in.Peek(4)
	if err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(length))
	if n+recordAround > left {
		return nil, &tornError{r.path, r.number, left}
	}
	if n < recordFixed {
		return nil, r.damaged()
	}
	if int64(cap(r.buf)) < n+recordAround {
		r.buf = make([]byte, n+recordAround)
	}
	b := r.buf[:n+recordAround]
	if _, err := io.ReadFull(r.in, b); err != nil {
		return nil, err
	}
	data, sum := b[:4+n], binary.BigEndian.Uint32(b[4+n:])
	header := int64(binary.BigEndian.Uint32(data[16:]))
	if crc32.Checksum(data, recordChecksum) != sum || header > n-recordFixed {
		return nil, r.damaged()
	}
	r.at += n + recordAround
	r.number++
	data = data[4+recordFixed:]
	r.last = recorded{
		number: r.number,
		time:   time.Unix(0, int64(binary.BigEndian.Uint64(b[4:]))),
		pipe:   binary.BigEndian.Uint32(b[12:]),
		header: data[:header:header],
		body:   data[header:],
	}
	return &r.last, nil
}

func (r *recordReader) damaged() error {
	return fmt.Errorf("%s is damaged at byte %d, behind record %d", r.path, r.at, r.number)
}
