package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// talk is a conversation of a listener and a dialer. Each was held by two
// nngcats of version 1.5.2, which printed and returned the same.
type talk struct {
	name                 string
	listen, dial         []string
	listenOut, dialOut   string
	listenCode, dialCode int
	stdin                string // the dialer's
	slow                 bool   // takes seconds: not over every transport
}

func words(line string) []string { return strings.Fields(line) }

func conversations() []talk {
	return []talk{
		{name: "pull, push", listen: words("--pull -Q --count 1"), dial: words("--push -D ab"), listenOut: "\"ab\"\n"},
		{name: "push, pull", listen: words("--push -D ab"), dial: words("--pull -A --count 1"), dialOut: "ab"},
		{name: "no format prints nothing", listen: words("--pull --count 1"), dial: words("--push -D ab")},
		{name: "format no", listen: words("--pull --format no --count 1"), dial: words("--push -D ab")},
		{name: "count without interval", listen: words("--pull --raw --count 3"), dial: words("--push -D ab -C3"), listenOut: "ababab"},
		{name: "count and interval", listen: words("--pull --asc --count 2"), dial: words("--push -D ab -C2 -i1"), listenOut: "abab", slow: true},
		{name: "delay", listen: words("--pull -A --count 1"), dial: words("--push -D ab -d1"), listenOut: "ab", slow: true},
		{name: "empty raw", listen: words("--pull --raw --count 1"), dial: []string{"--push", "-D", ""}},
		{name: "empty ascii", listen: words("--pull -A --count 1"), dial: words("--push --data=")},
		{name: "empty quoted", listen: words("--pull -Q --count 1"), dial: words("--push --data:"), listenOut: "\"\"\n"},
		{name: "empty hex", listen: words("--pull --hex --count 1"), dial: words("--push -F /dev/null"), listenOut: "\"\"\n"},
		{name: "empty msgpack", listen: words("--pull --msgpack --count 1"), dial: words("--push -F -"), listenOut: "\xc4\x00"},
		{name: "standard input", listen: words("--pull --raw --count 2"), dial: words("--push -F - --count 2"), listenOut: "in\nin\n", stdin: "in\n"},
		{name: "larger than 1 MiB", listen: words("--pull --msgpack --count 1"), dial: words("--push -F -"),
			stdin: strings.Repeat("x", 1<<20+1), listenOut: "\xc6\x00\x10\x00\x01" + strings.Repeat("x", 1<<20+1)},
		{name: "at the limit", listen: words("--pull -Q --count 1 -Z5"), dial: words("--push -D 12345"), listenOut: "\"12345\"\n"},
		{name: "over the limit", listen: words("--pull -Q --count 1 -Z4 --recv-timeout 1"), dial: words("--push -D 12345"), slow: true},

		{name: "rep, req", listen: words("--rep -Q -D 42 --count 1"), dial: words("--req -Q -D q"), listenOut: "\"q\"\n", dialOut: "\"42\"\n"},
		{name: "req, rep", listen: words("--req -Q -D q"), dial: words("--rep -Q -D 42 --count 1"), listenOut: "\"42\"\n", dialOut: "\"q\"\n"},
		{name: "empty reply", listen: []string{"--rep", "-D", "", "-C1"}, dial: words("--req -Q -D q"), dialOut: "\"\"\n"},
		{name: "rep without data", listen: words("--rep -Q --count 1"), dial: words("--req -Q -D q --recv-timeout 1"), listenOut: "\"q\"\n", slow: true},
		{name: "requests", listen: words("--rep -A -D 42 --count 2"), dial: words("--req -A -D q -i 1 --count 2"), listenOut: "qq", dialOut: "4242", slow: true},

		{name: "pair0", listen: words("--pair0 -Q --count 1"), dial: words("--pair0 -D hi --recv-timeout 1"), listenOut: "\"hi\"\n", slow: true},
		{name: "pair1", listen: words("--pair1 -Q --count 1"), dial: words("--pair1 -D hi --recv-timeout 1"), listenOut: "\"hi\"\n", slow: true},
		{name: "pair both ways", listen: words("--pair0 -Q -D yo --recv-timeout 1"), dial: words("--pair0 -Q -D hi --recv-timeout 1"),
			listenOut: "\"hi\"\n", dialOut: "\"yo\"\n", slow: true},
		{name: "pair with an interval", listen: words("--pair1 -A --count 2"), dial: words("--pair1 -D hi -i 1 --count 2"), listenOut: "hihi", slow: true},
		{name: "compat", listen: words("--pull --compat -A --recv-timeout 1"), dial: words("--push --compat -D ab"), listenOut: "ab", slow: true},

		{name: "sub, pub", listen: words("--sub -Q --count 2"), dial: words("--pub -D abc --count 2"), listenOut: "\"abc\"\n\"abc\"\n"},
		{name: "topics", listen: words("--sub -A --count 1 --subscribe x --subscribe ab"), dial: words("--pub -D abc"), listenOut: "abc"},
		{name: "other topics", listen: words("--sub -A --recv-timeout 1 --subscribe x --subscribe y"), dial: words("--pub -D abc"), slow: true},
		{name: "topics twice", listen: words("--sub -A --count 1 --subscribe a --subscribe a --subscribe="), dial: words("--pub -D abc"), listenOut: "abc"},
		{name: "respondent, surveyor", listen: words("--respondent -Q -D r --count 1"), dial: words("--surveyor -Q -D s"), listenOut: "\"s\"\n", dialOut: "\"r\"\n", slow: true},
		{name: "respondent without data", listen: words("--respondent -A --count 1"), dial: words("--surveyor -A -D s --recv-timeout 2"), listenOut: "s", slow: true},
		{name: "surveys", listen: words("--respondent -A -D r --count 2"), dial: words("--surveyor -A -D s --count 2 -i 2"), listenOut: "ss", dialOut: "rr", slow: true},
		{name: "bus", listen: words("--bus -Q --count 1"), dial: words("--bus -D hi --recv-timeout 1"), listenOut: "\"hi\"\n", slow: true},
		{name: "bus with an interval", listen: words("--bus -A --count 2"), dial: words("--bus -D hi -i 1 --count 2"), listenOut: "hihi", slow: true},
	}
}

// sizes are where the forms of MessagePack's lengths change.
func sizes() (all []talk) {
	for n, head := range map[int]string{255: "\xc4\xff", 256: "\xc5\x01\x00", 65535: "\xc5\xff\xff", 65536: "\xc6\x00\x01\x00\x00"} {
		body := strings.Repeat("\x00", n)
		all = append(all, talk{name: "msgpack", stdin: body, listenOut: head + body,
			listen: words("--pull --msgpack --count 1"), dial: words("--push --file -")})
	}
	return all
}

// everyByte is a message of each byte, in every format. The files in testdata
// are what nngcat printed.
func everyByte(t *testing.T) (all []talk) {
	var body []byte
	for c := range 256 {
		body = append(body, byte(c))
	}
	for _, format := range []string{"raw", "ascii", "quoted", "hex", "msgpack"} {
		want := body
		if format != "raw" {
			var err error
			if want, err = os.ReadFile(filepath.Join("testdata", "all-bytes."+format)); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, talk{name: "every byte as " + format, stdin: string(body), listenOut: string(want),
			listen: []string{"--pull", "--count=1", "--format", format}, dial: words("--push -F -")})
	}
	return all
}

func TestConversations(t *testing.T) {
	type variant struct {
		talk
		sides
		transport string
	}
	var all []variant
	for _, talk := range append(append(conversations(), sizes()...), everyByte(t)...) {
		for _, s := range allSides {
			for i, transport := range s.transports {
				// nngcat ends 200 ms after it has sent, written or not: what the kernel does
				// not take at once is lost on a busy machine.
				lossy := s.name == "nngcat to gonng" && transport == "ipc" && len(talk.stdin) > 128<<10
				if (i == 0 || !talk.slow) && !lossy {
					all = append(all, variant{talk, s, transport})
				}
			}
		}
	}
	concurrently(t, len(all), func(i int) (string, func(*testing.T)) {
		v := all[i]
		return v.talk.name + "/" + v.sides.name + "/" + v.transport, func(t *testing.T) {
			l, d := v.converse(t, v.transport, v.talk.listen, v.talk.dial, v.stdin)
			checkResult(t, "the listener", l, v.listenCode, v.listenOut)
			checkResult(t, "the dialer", d, v.dialCode, v.dialOut)
		}
	})
}
