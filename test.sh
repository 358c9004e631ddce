#!/usr/bin/env bash
# Everything that must hold before a change goes in, for this module and the
# nested ones. It needs Go, and downloads modules. What else is missing (a C
# compiler for the race detector, nngcat, nanocat, libnng, libnanomsg and chromium to talk
# to) is left out with a printed reason; with CI=true it is an error.
#
# With -short it is what to run while working: it takes less than two minutes.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
	cat <<-'END'
		usage: ./test.sh [-short]
		  -short  format, vet and unit tests, the conformance suite over inproc and tcp
	END
}

short=
for arg in "$@"; do
	case $arg in
	-short) short=-short ;;
	-h | -help | --help) usage; exit ;;
	*) printf 'test.sh: unknown argument %s\n' "$arg" >&2; usage >&2; exit 2 ;;
	esac
done

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

step() {
	printf '\n==> [%s] %s\n' "${PWD##*/}" "$*"
	"$@"
}

formatted() {
	local files
	files=$(gofmt -l .)
	[ -z "$files" ] || { printf 'not formatted:\n%s\n' "$files"; return 1; }
}

# others tests the packages of this module but those below.
others() { go test $race -timeout 40m $(go list ./... | grep -v '/internal/itest$\|/internal/systems$'); }

# part runs the tests of internal/itest whose names match: one process for all of them
# would take longest of all.
part() { go test $race -timeout 40m -run "$1" -skip "${2:-^$}" ./internal/itest; }

# strangers runs those that mostly wait until a handshake's time is over.
waiting='Stranger|Silent|AttachFails'
strangers() { go test $race -timeout 40m -parallel 16 -run "$waiting" ./internal/itest; }

# counted runs the tests of what a message may allocate, a peer may make us hold and of
# many at once, without the race detector: it allocates itself, and takes ten times as long.
counted() {
	go test -timeout 20m -run 'Alloc|Memory|Many|AgainstTraffic|PeerVanishes|RequestConcurrently|OrCounted' \
		./internal/itest ./internal/wire ./rpc ./cmd/gonng &&
		go test ./internal/sim # in one goroutine the race detector finds nothing
}

# nested tests a module below this one. The benchmarks measure, and pages have a process of
# their own: without the race detector.
nested() {
	cd "$1" || return
	case $1 in ./bench | ./internal/browsertest) race= ;; esac
	go test $race -timeout 40m ./...
}

# tidied says whether the modules below list what they need.
tidied() {
	local module
	for module in "$@"; do (cd "$module" && go mod tidy -diff) || return; done
}

# checked looks over the modules, all at once, without running them.
checked() {
	local work
	work=$(mktemp -d)/go.work
	GOWORK=$work go work init "$@" && GOWORK=$work go vet "${@/%//...}" && GOWORK=$work go run "$staticcheck" "${@/%//...}" || return
	rm -r "${work%/*}"
}

# elsewhere vets what is for Windows, which has most files of its own; internal/systems
# type-checks for the other systems, and with the race detector that takes five times as long.
elsewhere() { GOOS=windows go vet ./... && go test -timeout 20m ./internal/systems; }

# tests runs all checks and tests, several jobs at the same time: some of them wait for processes while
# others compute. What a job prints comes in one piece.
tests() {
	local jobs modules logs failed=0 i
	mapfile -t jobs < <(find . -mindepth 2 -name go.mod -not -path '*/testdata/*' -printf 'nested %h\n' | sort -r)
	mapfile -t modules < <(find . -name go.mod -not -path '*/testdata/*' -printf '%h\n' | sort)
	jobs=("part ^Test[A-L] ^TestConformance|$waiting" "part . ^Test[A-L]|$waiting" 'part ^TestConformance'
		"${jobs[@]}" others counted strangers elsewhere
		"checked ${modules[*]}" "tidied ${modules[*]}") # the longest first
	logs=$(mktemp -d)
	local TIMEFORMAT='in %0R s (%0U s user, %0S s system)'
	for i in "${!jobs[@]}"; do
		((i < 4)) || wait -n
		{ { time ${jobs[i]}; } >"$logs/$i" 2>&1 && touch "$logs/$i.passed" || true; } &
	done
	wait
	for i in "${!jobs[@]}"; do
		[ -e "$logs/$i.passed" ] || failed=1
		printf '\n[%s]\n' "${jobs[i]}"
		cat "$logs/$i"
	done
	rm -r "$logs"
	return $failed
}

race=-race
if ! command -v "$(go env CC)" >/dev/null; then
	echo "no C compiler ($(go env CC)): testing without the race detector"
	[ "${CI:-}" != true ] || exit 1
	race=
fi

# the race detector would sleep a second at the end of every child process
export GORACE=atexit_sleep_ms=0

# vet looks over all of it by itself, and need not do so again for each package that is tested
export GOFLAGS="${GOFLAGS:-} -vet=off"

go version
step formatted
if [ "$short" ]; then
	step go vet ./...
	step go test -short $race ./internal/sp ./internal/sim ./internal/wire ./internal/stream ./rpc ./monitor ./internal/metrics ./spjs
	step go test -short $race -run 'TestConformance/./^(inproc|tcp)$' ./internal/itest
	step go test -short -run 'Alloc|Architecture|Doc|Page' ./internal/itest ./internal/wire ./rpc ./internal/doctest
	printf '\nall of the short tests passed\n'
	exit
fi
step tests
printf '\nall passed\n'
