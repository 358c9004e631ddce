package main

import (
	"strings"
	"testing"
)

// Where nngcat fails or hangs by chance these conversations have a sure end.
func TestTurnsWithoutInterval(t *testing.T) {
	talks := []talk{
		// nngcat: "Cannot set recv timeout: Invalid argument" when a message
		// took a millisecond, else an endless wait.
		{name: "requests", listen: words("--rep -A -D 42 --count 3"), dial: words("--req -A -D q --count 3"), listenOut: "qqq", dialOut: "424242"},
		{name: "a pair", listen: words("--pair0 -A -D yo --count 1"), dial: words("--pair0 -A -D hi --count 1"), listenOut: "hi", dialOut: "yo"},
		{name: "a pair that waits", listen: words("--pair1 -A --count 2"), dial: words("--pair1 -D hi --count 2 --recv-timeout 1"), listenOut: "hihi"},
		// nngcat gives up on most answers at once: 9 of 100 came.
		{name: "no pause", listen: words("--rep -A -D 42 --count 30"), dial: words("--req -A -D q --count 30 -i 0"),
			listenOut: strings.Repeat("q", 30), dialOut: strings.Repeat("42", 30)},
		{name: "a pair without pause", listen: words("--pair1 -A --count 30"), dial: words("--pair1 -D hi --count 30 -i 0"), listenOut: strings.Repeat("hi", 30)},
		// nngcat forgets that --pair was given.
		{name: "--pair is pair1", listen: words("--pair -A --count 1"), dial: words("--pair1 -D hi --recv-timeout 1"), listenOut: "hi"},
		{name: "--pair --compat is pair0", listen: words("--pair0 -A --count 1"), dial: words("--pair --compat -D hi --recv-timeout 1"), listenOut: "hi"},
	}
	concurrently(t, len(talks), func(i int) (string, func(*testing.T)) {
		talk := talks[i]
		return talk.name, func(t *testing.T) {
			l, d := allSides[0].converse(t, "inproc", talk.listen, talk.dial, "")
			checkResult(t, "the listener", l, exitOK, talk.listenOut)
			checkResult(t, "the dialer", d, exitOK, talk.dialOut)
		}
	})
}

func TestSeveralAddresses(t *testing.T) {
	a, b := listenURL(t, "ipc"), listenURL(t, "tcp")
	pull := startGonng(t, "", []string{"--pull", "-v", "-A", "--count=2", "--listen", a, "--listen", b})
	push := startGonng(t, "", []string{"--push", "-v", "-Dx", "-C2", "--dial", pull.url(t), "--dial", pull.url(t)})
	checkResult(t, "push", push.end(), exitOK, "Connected to: "+a+"\nConnected to: "+pushed(push.result.out)+"\n")
	checkResult(t, "pull", pull.end(), exitOK, "xx")
}

// pushed is the last URL in out.
func pushed(out string) string {
	return strings.TrimSuffix(out[strings.LastIndex(out, ": ")+2:], "\n")
}

// A pair that has its peer keeps the other addresses in reserve.
func TestPairTakesOnePeer(t *testing.T) {
	first := startGonng(t, "", []string{"--pair0", "-v", "-A", "--count=1", "--listen", listenURL(t, "ipc")})
	second := startGonng(t, "", []string{"--pair0", "-v", "-A", "--count=1", "--listen", listenURL(t, "ipc")})
	pair := startGonng(t, "", []string{"--pair0", "-D", "x", "-i1", "-C2", "--dial", first.url(t), "--dial", second.url(t)})
	checkResult(t, "pair", pair.end(), exitOK, "")
	checkResult(t, "first", first.end(), exitOK, "x")
	checkResult(t, "second", second.end(), exitOK, "x")
}

func TestWrongProtocol(t *testing.T) {
	url := listenURL(t, "ipc")
	pull := start(t, "cat", "--pull", "-v", "--listen", url)
	pull.url(t) // it listens
	got := gonngRun(t, "", "cat", "--req", "-Dx", "--dial", url)
	if got.code != exitError || !strings.Contains(got.err, "pull") || !strings.Contains(got.err, "req") {
		t.Errorf("got %+v, want an error that names both protocols", got)
	}
	pull.interrupt(t)
}

func TestIgnoredArgumentsAreNamed(t *testing.T) {
	got := gonngRun(t, "", "cat", "--pull", "--recv-timeout=1", "--listen", listenURL(t, "ipc"), "extra", "--raw")
	if got.code != exitOK || !strings.Contains(got.err, `"extra" is not an option`) {
		t.Errorf("got %+v", got)
	}
}

func TestOutputThatFails(t *testing.T) {
	url := "inproc://" + t.Name()
	push := startGonng(t, "", []string{"--push", "-v", "-Dx", "--listen", url})
	push.url(t)
	checkBrokenOutput(t, "cat", "--pull", "-A", "--dial", url)
	checkResult(t, "push", push.end(), exitOK, "")
}

func TestDroppedMessageIsLogged(t *testing.T) {
	pull := startGonng(t, "", []string{"--pull", "-v", "-Z4", "--recv-timeout=1", "--listen", listenURL(t, "tcp")})
	push := startGonng(t, "", []string{"--push", "-D12345", "--dial", pull.url(t)})
	push.end()
	if got := pull.end(); got.code != exitOK || !strings.Contains(got.err, "too large") {
		t.Errorf("got %+v, want a word about the message that is too large", got)
	}
}
