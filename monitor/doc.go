// Package monitor lets people and programs look inside a running program: which sockets
// it has, to whom they are connected, what flows, what waits, what is dropped and why, and
// what has happened.
//
//	http.Handle("/debug/gonng/", monitor.Handler())
//
// serves a page with live tables and plots; snapshot.json, the same as data; and events, the
// same as server-sent events. docs/monitor.md describes the data.
//
// The handler is read-only, and shows no key of TLS, no value of an HTTP header, no password
// of a URL and no message. But it does show addresses, names and errors: it belongs behind
// authentication, or on an address that only the right people reach. It refuses pages of
// other origins.
//
// Without a viewer the handler does nothing. All viewers of one handler share a sample each
// second. No message pays for it.
//
// The counters alone can be published without this package, by expvar:
//
//	expvar.Publish("orders", expvar.Func(func() any { return socket.Stats() }))
package monitor
