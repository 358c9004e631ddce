//go:build js

// Command wasm is the client of the live page in ./examples/feed, in Go, compiled to
// WebAssembly. In a directory of its own:
//
//	GOOS=js GOARCH=wasm go build -ldflags "-s -w" -o client.wasm github.com/gonng/gonng/examples/wasm
//	cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" .
//	go run github.com/gonng/gonng/examples/feed -wasm .
//
// Then sign in at http://127.0.0.1:8080 and open http://127.0.0.1:8080/wasm.html.
package main

import (
	"context"
	"strconv"
	"strings"
	"syscall/js"

	"github.com/gonng/gonng"
)

func main() {
	if err := run(context.Background()); err != nil {
		show(err.Error())
	}
}

func run(ctx context.Context) error {
	sub, err := gonng.NewSub0(gonng.WithTopics("EUR ", "GBP ", "JPY "))
	if err != nil {
		return err
	}
	defer sub.Close()
	sub.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) { show("connected") })
	sub.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { show("disconnected, trying again") })
	location := js.Global().Get("location")
	url := strings.Replace(location.Get("origin").String(), "http", "ws", 1) + "/feed"
	if _, err := sub.Dial(ctx, url); err != nil {
		return err
	}
	if len(sub.Pipes()) == 0 {
		show("cannot connect, trying again: are you signed in?")
	}
	for message, err := range sub.All(ctx) {
		if err != nil {
			return err
		}
		_, data, _ := strings.Cut(string(message), " ")
		price := js.Global().Get("JSON").Call("parse", data) // the browser has it, and encoding/json would be large
		draw(price.Get("name").String(), strconv.FormatFloat(price.Get("price").Float(), 'f', 2, 64))
	}
	return nil
}

var document = js.Global().Get("document")

func show(state string) {
	p := document.Call("querySelector", "#state")
	p.Set("textContent", state)
	p.Set("className", state)
}

// draw writes a price into the row of its name.
func draw(name, price string) {
	id := "price-" + name
	cell := document.Call("getElementById", id)
	if cell.IsNull() {
		row := document.Call("querySelector", "#prices").Call("insertRow")
		row.Call("insertCell").Set("textContent", name)
		cell = row.Call("insertCell")
		cell.Set("id", id)
	}
	cell.Set("textContent", price)
}
