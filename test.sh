#!/usr/bin/env bash
# Everything that must hold before a change goes in, for this module and the
# nested ones. It needs Go, and downloads modules. What else is missing (a C
# compiler for the race detector, nngcat, nanocat, libnng and chromium to talk
# to) is left out with a printed reason; with CI=true it is an error.
set -euo pipefail
cd "$(dirname "$0")"

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

# readme runs the first program in README.md as it stands there.
readme() {
	local dir
	dir=$(mktemp -d)
	sed -n '/^```go$/,/^```$/{/^```go$/d;/^```$/q;p}' README.md >"$dir/main.go"
	go run "$dir/main.go"
	rm -r "$dir"
}

race=-race
if ! command -v "$(go env CC)" >/dev/null; then
	echo "no C compiler ($(go env CC)): testing without the race detector"
	[ "${CI:-}" != true ] || exit 1
	race=
fi

# the race detector would sleep a second at the end of every child process
export GORACE=atexit_sleep_ms=0

go version
step formatted
for module in $(find . -name go.mod -not -path '*/testdata/*' | sort); do
	pushd "$(dirname "$module")" >/dev/null
	step go mod tidy -diff
	step go vet ./...
	step go run "$staticcheck" ./...
	popd >/dev/null
done
for os in windows darwin freebsd; do
	step env GOOS=$os go vet ./...
done
step env GOOS=linux GOARCH=386 go vet ./...
step readme
for module in $(find . -name go.mod -not -path '*/testdata/*' | sort); do
	pushd "$(dirname "$module")" >/dev/null
	step go test $race ./...
	popd >/dev/null
done
# what a message may allocate cannot be counted under the race detector
step go test -run Alloc ./internal/itest ./internal/wire ./cmd/gonng
printf '\nall passed\n'
