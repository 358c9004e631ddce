package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// optionTests are runs that do not get as far as a conversation. Each was run
// with nngcat 1.5.2, and is again where it is installed. In args, URL is an ipc
// URL that nobody listens at, and FILE a readable file.
var optionTests = []struct {
	args string // separated by spaces; two quotes are an empty argument
	code int
	err  string // what gonng says; "": only that its output is nngcat's too
	// nngcat is why nngcat's exit code is the other one here.
	nngcat string
}{
	{args: "", code: 1, err: "no address"},
	{args: "--bogus", code: 1, err: "there is no option --bogus"},
	{args: "-z", code: 1, err: "there is no option -z"},
	{args: "--ASCII", code: 1, err: "there is no option --ASCII"},
	{args: "-", code: 1, err: "no address"},
	{args: "- --version", code: 1, err: "no address"},
	{args: "foo --version", code: 1, err: "no address"},
	{args: "--", code: 1, err: "option -- is ambiguous"},
	{args: "-- --version", code: 1, err: "option -- is ambiguous"},
	{args: "--=x", code: 1, err: "option --=x is ambiguous"},
	{args: "--help=1", code: 1, err: "--help takes no value"},
	{args: "-hx", code: 1, err: "-h takes no value"},
	{args: "-qv", code: 1, err: "-q takes no value"},
	{args: "--bogus --version", code: 1, err: "there is no option --bogus"},

	// The first of help, version and errors counts.
	{args: "--version", code: 0},
	{args: "-V", code: 0},
	{args: "--version --bogus", code: 0},
	{args: "--help", code: 0, nngcat: "it calls help a failure"},
	{args: "-h -V", code: 0, nngcat: "it calls help a failure"},
	{args: "--help --bogus", code: 0, nngcat: "it calls help a failure"},

	// Names cut short.
	{args: "--re", code: 1, err: "option --re is ambiguous: it could be"},
	{args: "--rec", code: 1, err: "ambiguous"},
	{args: "--su", code: 1, err: "ambiguous"},
	{args: "--pu", code: 1, err: "ambiguous"},
	{args: "--pai", code: 1, err: "ambiguous"},
	{args: "--co", code: 1, err: "ambiguous"},
	{args: "--con x", code: 1, err: "ambiguous"},
	{args: "--connect-", code: 1, err: "ambiguous"},
	{args: "--bin x", code: 1, err: "ambiguous"},
	{args: "--he", code: 1, err: "ambiguous"},
	{args: "--ver", code: 1, err: "ambiguous"},
	{args: "--f x", code: 1, err: "ambiguous"},
	{args: "--pu0 --version", code: 1, err: "there is no option --pu0"},
	{args: "--req --version", code: 0},
	{args: "--rep --version", code: 0},
	{args: "--pus --version", code: 0},
	{args: "--pul --version", code: 0},
	{args: "--pub --version", code: 0},
	{args: "--sub --version", code: 0},
	{args: "--sur --version", code: 0},
	{args: "--res --version", code: 0},
	{args: "--bu --version", code: 0},
	{args: "--pair --version", code: 0},
	{args: "--com --version", code: 0},
	{args: "--as --version", code: 1, err: "ambiguous"},
	{args: "--asy --version", code: 0},
	{args: "--ra --version", code: 0},
	{args: "--m --version", code: 0},
	{args: "--q --version", code: 0},
	{args: "--connect x --version", code: 0},
	{args: "--connect-i x --version", code: 0},
	{args: "--bind x --version", code: 0},
	{args: "--subs x --version", code: 0},
	{args: "--se 1 --version", code: 0},
	{args: "--so x --version", code: 0},
	{args: "--z x --version", code: 0},

	// Values.
	{args: "-D", code: 1, err: "option -D requires a value"},
	{args: "--subs", code: 1, err: "option --subs requires a value"},
	{args: "--listen", code: 1, err: "option --listen requires a value"},
	{args: "--recv-t", code: 1, err: "option --recv-t requires a value"},
	{args: "-D --version", code: 1, err: "no address"},
	{args: "-DxV", code: 1, err: "no address"},
	{args: "-Dx --version", code: 0},
	{args: "--data=a=b --version", code: 0},
	{args: "--data: --version", code: 0},
	{args: "--count:5 --version", code: 0},
	{args: "--count=5 --version", code: 0},
	{args: "-C5 --version", code: 0},
	{args: "-C=5 --version", code: 1, err: `"=5" is not a whole number`},

	// Numbers.
	{args: "-d ''", code: 1, err: `"" is not a whole number`},
	{args: "-d -1", code: 1, err: `"-1" is not a whole number`},
	{args: "-i +1", code: 1, err: `"+1" is not a whole number`},
	{args: "-d 1.5", code: 1, err: "no address"},
	{args: "-d 1.x", code: 1, err: `"1.x" is not a number of seconds`},
	{args: "-d 1.", code: 1, err: `"1." is not a number of seconds`},
	{args: "--pull --listen URL --recv-timeout 0.1", code: 0, nngcat: "it takes whole seconds only"},
	{args: "--push --listen URL --lines -D x", code: 1, err: "leave out --data"},
	{args: "--push --listen URL --lines -i 1", code: 1, err: "it has no --interval"},
	{args: "--rep --listen URL --lines", code: 1, err: "no --lines without --exec"},
	{args: "--req --listen URL --exec cat -D x", code: 1, err: "--exec is the answer of"},
	{args: "--rep --listen URL --exec cat -D x", code: 1, err: "--exec is the answer of"},
	{args: "--pull --listen URL --lin", code: 1, err: "there is no option --lin"},
	{args: "--pull --lsten URL", code: 1, err: "did you mean --listen?"},
	{args: "-d 0x1", code: 1, err: `"0x1" is not a whole number`},
	{args: "-d 1_0", code: 1, err: `"1_0" is not a whole number`},
	{args: "-d 86400 --version", code: 0},
	{args: "-d 86401", code: 1, err: "86401 is too large: the most is 86400"},
	{args: "--recv-timeout 86401", code: 1, err: "too large"},
	{args: "--send-timeout x", code: 1, err: "not a whole number"},
	{args: "-C 2147483647 --version", code: 0},
	{args: "-C 2147483648 --version", code: 1, err: "too large"},
	{args: "-C 99999999999 --version", code: 1, err: "too large", nngcat: "its number overflows unnoticed"},
	{args: "-Z 0 --version", code: 0},
	{args: "--recv-maxsz -1", code: 1, err: "not a whole number"},
	{args: "-L 65535 --version", code: 0},
	{args: "-L 65536", code: 1, err: "65536 is too large: the most is 65535"},
	{args: "-l x", code: 1, err: "not a whole number"},

	// Files.
	{args: "-F /nonexistent", code: 1, err: "/nonexistent"},
	{args: "-F /", code: 1, err: "/"},
	{args: "--cert /nonexistent", code: 1, err: "/nonexistent"},
	{args: "--ca /nonexistent", code: 1, err: "/nonexistent"},
	{args: "--key /nonexistent", code: 1, err: "/nonexistent"},
	{args: "--cert FILE --cert FILE", code: 1, err: "may be given only once"},
	{args: "--cacert FILE --cacert FILE", code: 1, err: "may be given only once"},
	{args: "--key FILE --key FILE", code: 1, err: "may be given only once"},

	// What is given twice.
	{args: "-D x -D y", code: 1, err: "there is data already"},
	{args: "-D '' -D ''", code: 1, err: "there is data already"},
	{args: "-D x -F FILE", code: 1, err: "there is data already"},
	{args: "-F FILE -D x", code: 1, err: "there is data already"},
	{args: "--pull --push", code: 1, err: "there is a protocol already, pull0"},
	{args: "--pull --pull", code: 1, err: "there is a protocol already, pull0"},
	{args: "-A -Q", code: 1, err: "there is a format already"},
	{args: "--raw --format raw", code: 1, err: "there is a format already"},
	{args: "--format no --format no", code: 1, err: "there is a format already"},
	{args: "--format x", code: 1, err: `there is no format "x"`},
	{args: "--format RAW", code: 1, err: `there is no format "RAW"`},
	{args: "--format ''", code: 1, err: "no format: give one of no, raw,"},

	// What does not go together, in the order of the complaints.
	{args: "--pull", code: 1, err: "no address"},
	{args: "--compat --async", code: 1, err: "no address"},
	{args: "--compat --async --listen URL", code: 1, err: "--compat is --async already"},
	{args: "--compat --count 1 --listen URL", code: 1, err: "--compat has no --count"},
	{args: "--compat --count 0 --listen URL", code: 1, err: "no protocol"},
	{args: "--listen URL", code: 1, err: "no protocol"},
	{args: "--listen=", code: 1, err: "no protocol"},
	{args: "--listen:URL", code: 1, err: "no protocol"},
	{args: "--pair1 --compat --listen URL", code: 1, err: "--compat has no pair1"},
	{args: "--pull --listen URL --subscribe x", code: 1, err: "--pull0 has no --subscribe"},
	{args: "--push --listen URL -D x --subscribe x", code: 1, err: "--push0 has no --subscribe"},
	{args: "--pull --listen URL -D x", code: 1, err: "--pull0 cannot send"},
	{args: "--pull --listen URL -i 1", code: 1, err: "it has no --interval"},
	{args: "--sub --listen URL -D x", code: 1, err: "--sub0 cannot send"},
	{args: "--sub --listen URL -i 0", code: 1, err: "it has no --interval"},
	{args: "--push --listen URL -A -D x", code: 1, err: "--push0 receives nothing"},
	{args: "--pub --listen URL --format no -D x", code: 1, err: "--pub0 receives nothing"},
	{args: "--push --listen URL", code: 1, err: "--push0 needs something to send"},
	{args: "--pub --listen URL", code: 1, err: "--pub0 needs something to send"},
	{args: "--req --listen URL", code: 1, err: "--req0 needs something to send"},
	{args: "--surveyor --listen URL", code: 1, err: "--surveyor0 needs something to send"},
	{args: "--rep --listen URL -i 1", code: 1, err: "it has no --interval"},
	{args: "--respondent --listen URL -i 0", code: 1, err: "it has no --interval"},
	{args: "--pair1 --listen URL -i 1", code: 1, err: "--interval needs something to send"},
	{args: "--bus --listen URL -i 1", code: 1, err: "--interval needs something to send"},

	// Addresses.
	{args: "--pull --listen foo", code: 1, err: "foo"},
	{args: "--pull --listen ''", code: 1, err: "listen"},
	{args: "--pull --listen foo://x", code: 1, err: "foo"},
	{args: "--pull --dial foo://x", code: 1, err: "foo"},
	{args: "--pull --dial tcp://127.0.0.1:1", code: 1, err: "connection refused"},
	{args: "--pull --dial URL", code: 1, err: "dial"},
	{args: "--pull --dial inproc://nobody", code: 1, err: "connection refused"},
	{args: "--pull --listen tcp://192.0.2.1:5555", code: 1, err: "listen"},
	{args: "--pull --listen tcp://127.0.0.1:99999", code: 1, err: "99999"},
	{args: "--pull --listen ipc:///nonexistent/dir", code: 1, err: "listen"},
	{args: "--pull --listen URL --listen URL", code: 1, err: "address"},
	{args: "--push --listen URL --listen foo -D x", code: 1, err: "foo"},

	// Conversations with nobody.
	{args: "--pull --listen URL --recv-timeout 1", code: 0},
	{args: "--pair0 --listen URL --recv-timeout 1", code: 0},
	{args: "--rep --listen URL --recv-timeout 1", code: 0},
	{args: "--rep --listen URL --recv-timeout 1 -D x", code: 1, err: "timed out"},
	{args: "--rep --listen URL --recv-timeout 1 -D ''", code: 1, err: "timed out"},
	{args: "--push --listen URL --send-timeout 1 -D x", code: 1, err: "timed out"},
	{args: "--req --listen URL --send-timeout 1 -D x", code: 1, err: "timed out"},
	{args: "--pair1 --listen URL --send-timeout 1 -D x -i 1", code: 1, err: "timed out"},
	{args: "--pull --async --dial URL --recv-timeout 1 -q", code: 0},
	{args: "--pull --compat --dial URL --recv-timeout 1 -q", code: 0},
	{args: "--pull --listen URL --recv-timeout 1 -q extra --bogus", code: 0},
	{args: "--pull --listen URL --recv-timeout 1 --socket-name x --zt-home /x", code: 0},
	{args: "--pull --listen URL --recv-timeout 1 --cert FILE --cacert FILE --key FILE -k", code: 0},
	{args: "--pair --listen URL --recv-timeout 1", code: 0, nngcat: "it knows --pair and forgets it: no protocol"},
}

func TestOptions(t *testing.T) {
	concurrently(t, len(optionTests), func(i int) (string, func(*testing.T)) {
		test := optionTests[i]
		return test.args, func(t *testing.T) {
			got := gonngRun(t, "", append([]string{"cat"}, optionArgs(t, test.args)...)...)
			if got.code != test.code {
				t.Errorf("exit code %d, want %d; %s", got.code, test.code, got.err)
			}
			checkContains(t, "stderr", got.err, test.err)
			lines := strings.Split(got.err, "\n") // the last is the one after the logged ones
			if test.err != "" && !strings.HasPrefix(lines[len(lines)-2], "gonng cat: ") {
				t.Errorf("stderr is %q, want the program's name in front", got.err)
			}
		}
	})
}

func TestOptionsOfNngcat(t *testing.T) {
	nngcat := nngcatPath(t)
	concurrently(t, len(optionTests), func(i int) (string, func(*testing.T)) {
		test := optionTests[i]
		return test.args, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), nngcat, optionArgs(t, test.args)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			code := 0
			var exit *exec.ExitError
			if err := cmd.Run(); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			want := test.code
			if test.nngcat != "" {
				want = 1 - want
			}
			if code != want {
				t.Errorf("nngcat's exit code is %d, the table says %d; %s", code, want, &stderr)
			}
		}
	})
}

func optionArgs(t *testing.T, line string) []string {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields(strings.NewReplacer("URL", "ipc://"+dir+"/nobody", "FILE", file).Replace(line))
	for i, a := range args {
		if a == "''" {
			args[i] = ""
		}
	}
	return args
}
