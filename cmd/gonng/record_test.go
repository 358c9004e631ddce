package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng"
)

// recording writes a recording of messages that came a millisecond apart.
func recording(t *testing.T, bodies ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "recording")
	r, err := openRecorder(path, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range bodies {
		m := recorded{time: time.Unix(0, 0).Add(time.Duration(i) * time.Millisecond), pipe: uint32(i % 2), header: []byte{byte(i)}, body: []byte(b)}
		if err := r.record(&m); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// contents are the bodies of a recording, and how reading it ended.
func contents(t *testing.T, path string) (bodies []string, err error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRecordReader(f, path, info.Size())
	for err == nil {
		var m *recorded
		if m, err = r.next(); err == nil {
			bodies = append(bodies, string(m.body))
		}
	}
	return bodies, err
}

// TestRecordAndReplay: what cat records is what replay sends.
func TestRecordAndReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recording")
	want := []string{"one", "", "two\n\x00", strings.Repeat("x", 300<<10)}
	for range 2 { // the second appends
		push := user(t, gonng.NewPush0)
		url := listens(t, push)
		got := make(chan result, 1)
		go func() {
			got <- gonngRun(t, "", "cat", "--pull", "--dial", url, "--record", path, "--count", fmt.Sprint(len(want)))
		}()
		for _, m := range want {
			if err := push.Send(t.Context(), []byte(m)); err != nil {
				t.Fatal(err)
			}
		}
		if r := <-got; r != (result{exitOK, "", ""}) {
			t.Fatalf("cat: %+v", r)
		}
	}
	want = append(want, want...)
	if got, err := contents(t, path); err != io.EOF || !slices.Equal(got, want) {
		t.Errorf("recorded is %q, %v", got, err)
	}
	pull := user(t, gonng.NewPull0)
	url := listens(t, pull)
	got := make(chan result, 1)
	go func() { got <- gonngRun(t, "", "replay", path, "--push", "--dial", url, "--speed", "max") }()
	for i, m := range want {
		if b, err := pull.Recv(t.Context()); err != nil || string(b) != m {
			t.Errorf("number %d is %q, %v", i, b, err)
		}
	}
	if r := <-got; r != (result{exitOK, "", ""}) {
		t.Errorf("replay: %+v", r)
	}
}

// TestRecordRequests: a replier records what it is asked.
func TestRecordRequests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recording")
	url := "inproc://" + t.Name()
	got := make(chan result, 1)
	go func() {
		got <- gonngRun(t, "", "cat", "--rep", "--listen", url, "--data", "yes", "--raw", "--record", path, "--count", "1")
	}()
	if r := gonngRun(t, "", "cat", "--req", "--async", "-q", "--dial", url, "--data", "question"); r.code != exitOK {
		t.Errorf("the requester: %+v", r)
	}
	if r := <-got; r != (result{exitOK, "question", ""}) {
		t.Errorf("the replier: %+v", r)
	}
	if got, err := contents(t, path); err != io.EOF || !slices.Equal(got, []string{"question"}) {
		t.Errorf("recorded is %q, %v", got, err)
	}
}

// TestReplayPace: with 1x no message comes before its time; with 10x, at a tenth of it.
func TestReplayPace(t *testing.T) {
	path := recording(t, slices.Repeat([]string{"m"}, 201)...)
	for _, test := range []struct {
		speed string
		least time.Duration
	}{{"1x", 200 * time.Millisecond}, {"10x", 20 * time.Millisecond}} {
		pull := user(t, gonng.NewPull0)
		start := time.Now()
		if r := gonngRun(t, "", "replay", path, "--push", "--dial", listens(t, pull), "--speed", test.speed); r.code != exitOK {
			t.Fatalf("replay: %+v", r)
		}
		if took := time.Since(start); took < test.least {
			t.Errorf("at %s it took %v, less than %v", test.speed, took, test.least)
		}
	}
}

// TestReplayLoop: --loop begins again, until it is interrupted.
func TestReplayLoop(t *testing.T) {
	pull := user(t, gonng.NewPull0)
	r := start(t, "replay", recording(t, "a", "b"), "--push", "--dial", listens(t, pull), "--loop", "--speed=max")
	for _, want := range slices.Repeat([]string{"a", "b"}, 3) {
		if b, err := pull.Recv(t.Context()); err != nil || string(b) != want {
			t.Errorf("received %q, %v, want %q", b, err, want)
		}
	}
	r.interrupt(t)
}

// TestReplayRequests: --req waits for each reply, and prints it.
func TestReplayRequests(t *testing.T) {
	rep := user(t, gonng.NewRep0)
	url := listens(t, rep)
	got := make(chan result, 1)
	go func() {
		got <- gonngRun(t, "", "replay", recording(t, "a", "b"), "--req", "--dial", url, "-Q", "--speed=max")
	}()
	for _, want := range []string{"a", "b"} {
		if b, err := rep.Recv(t.Context()); err != nil || string(b) != want {
			t.Fatalf("received %q, %v, want %q", b, err, want)
		}
		if err := rep.Send(t.Context(), []byte("to "+want)); err != nil {
			t.Fatal(err)
		}
	}
	if r := <-got; r != (result{exitOK, "\"to a\"\n\"to b\"\n", ""}) {
		t.Errorf("replay: %+v", r)
	}
}

func TestReplayPrint(t *testing.T) {
	path := recording(t, "zero", "one", "two", "three")
	const all = `1 1970-01-01T00:00:00.000000000Z +0.000000s pipe=0 header=00 "zero"
2 1970-01-01T00:00:00.001000000Z +0.001000s pipe=1 header=01 "one"
3 1970-01-01T00:00:00.002000000Z +0.002000s pipe=0 header=02 "two"
4 1970-01-01T00:00:00.003000000Z +0.003000s pipe=1 header=03 "three"
`
	lines := strings.SplitAfter(all, "\n")
	for args, want := range map[string]string{
		"":                            all,
		"--from 2 --to 3":             lines[1] + lines[2],
		"--after 2ms":                 lines[2] + lines[3],
		"--before 1ms":                lines[0],
		"--pipe 1":                    lines[1] + lines[3],
		"--prefix t --contains re":    lines[3],
		"--prefix nothing":            "",
		"--to 2 --raw":                "zeroone",
		"--after 1ms -Q --before 2ms": "\"one\"\n",
	} {
		if r := gonngRun(t, "", append([]string{"replay", path, "--print"}, words(args)...)...); r != (result{exitOK, want, ""}) {
			t.Errorf("%s: %+v, want %s", args, r, want)
		}
	}
	cut := filepath.Join(t.TempDir(), "cut")
	if r := gonngRun(t, "", "replay", path, "--pipe", "1", "--output", cut); r != (result{exitOK, "", ""}) {
		t.Errorf("--output: %+v", r)
	}
	if r := gonngRun(t, "", "replay", "--print", cut); r.out != strings.NewReplacer("2 19", "1 19", "4 19", "2 19", "+0.001", "+0.000", "+0.003", "+0.002").Replace(lines[1]+lines[3]) {
		t.Errorf("what was cut is %s", r.out)
	}
	if r := gonngRun(t, "", "replay", path, "-o", path); r.code != exitError || !strings.Contains(r.err, "is the recording itself") {
		t.Errorf("--output to the same file: %+v", r)
	}
}

// TestRecordTorn: wherever a crash has cut a recording, replay sends what is whole, and a
// recorder cuts the rest and goes on.
func TestRecordTorn(t *testing.T) {
	path := recording(t, "one", "two")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := len(recordMagic) + recordAround + recordFixed + 1 + 3
	for n := range len(data) {
		if err := os.WriteFile(path, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		whole, torn := 0, n > len(recordMagic) && n != first
		if n >= first {
			whole = 1
		}
		if n >= len(recordMagic) {
			r := gonngRun(t, "", "replay", path, "--print", "-Q")
			if r.code != exitOK || r.out != strings.Repeat("\"one\"\n", whole) || strings.Contains(r.err, "is not whole") != torn {
				t.Fatalf("replay of %d bytes: %+v", n, r)
			}
		}
		var say bytes.Buffer
		rec, err := openRecorder(path, &say)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if strings.Contains(say.String(), "it is cut off") != torn {
			t.Errorf("%d bytes: it says %q", n, say.String())
		}
		if err := errors.Join(rec.record(&recorded{body: []byte("more")}), rec.close()); err != nil {
			t.Fatal(err)
		}
		if got, err := contents(t, path); err != io.EOF || len(got) != whole+1 || got[whole] != "more" {
			t.Fatalf("%d bytes: then there are %q, %v", n, got, err)
		}
	}
}

// TestRecordDamaged: a byte that has changed is an error, and no reason to cut a file.
func TestRecordDamaged(t *testing.T) {
	path := recording(t, "one", "two")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(recordMagic)+recordFixed+6] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := gonngRun(t, "", "replay", path, "--print"); r.code != exitError || !strings.Contains(r.err, "is damaged at byte 9, behind record 0") {
		t.Errorf("replay: %+v", r)
	}
	if _, err := openRecorder(path, io.Discard); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("record: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, data) {
		t.Errorf("the file has changed: %v", err)
	}
}

// smallDisk is a file on a disk that has room for so many bytes.
type smallDisk struct {
	*os.File
	room int
}

func (d *smallDisk) Write(b []byte) (int, error) {
	n, err := d.File.Write(b[:min(len(b), d.room)])
	if d.room -= n; err == nil && n < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

// TestRecordFullDisk: whatever room there is, a full disk is an error, and the file has what
// fits, whole.
func TestRecordFullDisk(t *testing.T) {
	size := recordAround + recordFixed + 3
	for room := range 5 * size {
		path := recording(t, "one")
		r, err := openRecorder(path, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		r.file = &smallDisk{r.file.(*os.File), room}
		for _, b := range []string{"two", "abc", "def", "ghi", "jkl"} {
			if err := r.record(&recorded{body: []byte(b)}); err != nil {
				t.Fatal(err)
			}
		}
		err = r.close()
		left := 5 - room/size
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), fmt.Sprintf("%d messages that were received", left)) {
			t.Errorf("with room for %d bytes the error is %v", room, err)
		}
		if got, err := contents(t, path); err != io.EOF || len(got) != 1+room/size {
			t.Errorf("with room for %d bytes there are %q, %v", room, got, err)
		}
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		return
	}
	if r := gonngRun(t, "", "cat", "--pull", "--listen", listenURL(t, "tcp"), "--record", "/dev/full"); r.code != exitError || !strings.Contains(r.err, "no space left") {
		t.Errorf("cat: %+v", r)
	}
}

func TestReplayArguments(t *testing.T) {
	path := recording(t, "one")
	checkRefused(t, "replay", map[string]refusal{
		"":                                        {exitUsage, "no file"},
		path:                                      {exitUsage, "nothing to do"},
		path + " --dial tcp://x":                  {exitUsage, "no protocol"},
		path + " --push":                          {exitUsage, "no address"},
		path + " --pull --dial tcp://x":           {exitUsage, "--pull0 sends nothing"},
		path + " --rep --dial tcp://x":            {exitUsage, "--rep0 sends nothing"},
		path + " --print --speed 0":               {exitUsage, "is no speed"},
		path + " --print --speed fast":            {exitUsage, "is no speed"},
		path + " --print --loop":                  {exitUsage, "--loop is for sending"},
		path + " --print dog":                     {exitUsage, `"dog" is not an option`},
		path + " --print --data x":                {exitUsage, "there is no option --data"},
		path + " --print --after -1s":             {exitUsage, "is not above 0"},
		"/nowhere --print":                        {exitError, "no such file"},
		"/dev/null --print":                       {exitError, "is no recording"},
		path + " --push --dial tcp://127.0.0.1:1": {exitError, "refused"},
	})
	if r := gonngRun(t, "", "cat", "--push", "--data", "x", "--dial", "tcp://x", "--record", path); r.code != exitError || !strings.Contains(r.err, "it has no --record") {
		t.Errorf("cat --push --record: %+v", r)
	}
}

// BenchmarkRecord records messages of 64 bytes on the disk of the temporary directory.
func BenchmarkRecord(b *testing.B) {
	r, err := openRecorder(filepath.Join(b.TempDir(), "recording"), io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 64)
	b.SetBytes(64)
	for b.Loop() {
		if err := r.record(&recorded{time: time.Now(), body: body}); err != nil {
			b.Fatal(err)
		}
	}
	if err := r.close(); err != nil {
		b.Fatal(err)
	}
}
