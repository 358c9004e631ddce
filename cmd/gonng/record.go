package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"time"
)

// The format of a recording, which docs/record.md describes.
const (
	recordMagic   = "gonngrec\x01"
	recordFixed   = 8 + 4 + 4             // time, pipe, length of the header
	recordAround  = 4 + 4                 // length before, checksum behind
	recordMaxSize = math.MaxUint32 - 1024 // of header and body
)

// recorded is a message of a recording.
type recorded struct {
	number       int // from 1
	time         time.Time
	pipe         uint32
	header, body []byte
}

var recordChecksum = crc32.MakeTable(crc32.Castagnoli)

// append appends the record to b.
func (r *recorded) append(b []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint32(b, uint32(recordFixed+len(r.header)+len(r.body)))
	b = binary.BigEndian.AppendUint64(b, uint64(r.time.UnixNano()))
	b = binary.BigEndian.AppendUint32(b, r.pipe)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.header)))
	b = append(b, r.header...)
	b = append(b, r.body...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], recordChecksum))
}

// recordFile is what a recorder needs of a file.
type recordFile interface {
	io.Writer
	io.Closer
	Truncate(size int64) error
}

// recorder writes a recording. The file always ends with a whole record, unless the process
// is killed while it writes.
type recorder struct {
	file    recordFile
	size    int64  // of the file
	buf     []byte // whole records that are not in the file yet
	waiting int    // how many
	err     error  // the first failure: nothing is written any more
}

const recordBuffer = 256 << 10

// openRecorder makes the file, or goes on with a recording that is there. What a crash has
// left at its end it cuts off, and says so.
func openRecorder(path string, say io.Writer) (*recorder, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	r := &recorder{file: f}
	if err := r.begin(f, path, say); err != nil {
		f.Close()
		return nil, fmt.Errorf("--record: %w", err)
	}
	return r, nil
}

func (r *recorder) begin(f *os.File, path string, say io.Writer) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < int64(len(recordMagic)) {
		begin := make([]byte, info.Size())
		if _, err := io.ReadFull(f, begin); err != nil {
			return err
		}
		if string(begin) != recordMagic[:len(begin)] {
			return notRecording(path)
		}
		if len(begin) > 0 {
			if err := f.Truncate(0); err != nil {
				return err
			}
		}
		r.buf = append(r.buf, recordMagic...)
		return r.flush()
	}
	in, err := newRecordReader(f, path, info.Size())
	if err != nil {
		return err
	}
	for err == nil {
		_, err = in.next()
	}
	torn, ok := errors.AsType[*tornError](err)
	switch {
	case ok:
		fmt.Fprintf(say, "gonng: %v; it is cut off\n", torn)
		if err := f.Truncate(in.at); err != nil {
			return err
		}
	case err != io.EOF:
		return err
	}
	r.size = in.at
	return nil
}

// record keeps a message. An error says that it is not kept.
func (r *recorder) record(m *recorded) error {
	if r.err != nil {
		return r.err
	}
	if uint64(len(m.header))+uint64(len(m.body)) > recordMaxSize {
		return errors.New("--record: a message is too large for a recording")
	}
	r.buf = m.append(r.buf)
	r.waiting++
	if len(r.buf) >= recordBuffer {
		return r.flush()
	}
	return nil
}

// flush writes what waits. When the file takes only a part of it, the file is cut after the
// last record that it has taken whole.
func (r *recorder) flush() error {
	if r.err != nil || len(r.buf) == 0 {
		return r.err
	}
	n, err := r.file.Write(r.buf)
	if err == nil {
		r.size += int64(n)
		r.buf, r.waiting = r.buf[:0], 0
		return nil
	}
	if r.size > 0 { // there is no magic in the buffer
		whole := 0
		for rest := r.buf[:n]; len(rest) >= 4; {
			size := recordAround + int(binary.BigEndian.Uint32(rest))
			if size > len(rest) {
				break
			}
			whole, rest = whole+size, rest[size:]
			r.waiting--
		}
		r.size += int64(whole)
	}
	r.err = fmt.Errorf("--record: %w; the file is whole, %d messages that were received are not in it", err, r.waiting)
	if cut := r.file.Truncate(r.size); cut != nil {
		r.err = fmt.Errorf("--record: %w, and the file cannot be cut: %w", err, cut)
	}
	return r.err
}

func (r *recorder) close() error {
	err := r.flush()
	if e := r.file.Close(); err == nil && e != nil {
		err = fmt.Errorf("--record: %w", e)
	}
	return err
}

// endRecord writes the rest, unless that is what has failed already.
func (c *cat) endRecord(err error) error {
	if e := c.record.close(); !errors.Is(err, e) {
		return e
	}
	return nil
}
