package ws

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gonng/gonng/transport"
)

// subprotocol returns the subprotocol of a server of the protocol.
func subprotocol(protocol string) string { return protocol + ".sp.nanomsg.org" }

// protocolOf undoes subprotocol. It returns other text as it is.
func protocolOf(subprotocol string) string {
	return strings.TrimSuffix(subprotocol, ".sp.nanomsg.org")
}

const subprotocolHeader = "Sec-Websocket-Protocol"

// tokens returns the elements of a header that is a list.
func tokens(h http.Header, key string) (list []string) {
	for _, line := range h.Values(key) {
		for token := range strings.SplitSeq(line, ",") {
			if token = strings.TrimSpace(token); token != "" {
				list = append(list, token)
			}
		}
	}
	return list
}

// has reports whether text is in list, in upper or lower case.
func has(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
}

// checkOffer is for the server. It returns an error when the client does not offer the
// server's subprotocol.
func checkOffer(h http.Header, cfg *transport.Config) error {
	offered, want := tokens(h, subprotocolHeader), subprotocol(cfg.ProtocolName)
	switch {
	case has(offered, want):
		return nil
	case len(offered) == 0:
		return fmt.Errorf("%w: the client asks for no subprotocol; this is %s, which talks to %s: ask for %s",
			transport.ErrWrongPeer, cfg.ProtocolName, cfg.PeerName, want)
	}
	return fmt.Errorf("%w: the client asks for %s (%s); this is %s, which talks to %s: ask for %s",
		transport.ErrWrongPeer, cut(protocolOf(offered[0])), cut(strings.Join(offered, ", ")), cfg.ProtocolName, cfg.PeerName, want)
}

// checkAnswer is for the client. It returns an error when the server has not confirmed the
// subprotocol.
func checkAnswer(h http.Header, cfg *transport.Config) error {
	got, want := h.Get(subprotocolHeader), subprotocol(cfg.PeerName)
	switch {
	case strings.EqualFold(got, want):
		return nil
	case got == "":
		return fmt.Errorf("%w: the server has not confirmed the subprotocol %s; %s talks to %s",
			transport.ErrWrongPeer, want, cfg.ProtocolName, cfg.PeerName)
	}
	return fmt.Errorf("%w: the server answers with %s (%s); %s talks to %s (%s)",
		transport.ErrWrongPeer, cut(protocolOf(got)), cut(got), cfg.ProtocolName, cfg.PeerName, want)
}

// quoteMax is how many bytes of a stranger's text an error quotes.
const quoteMax = 200

// cut shortens a stranger's text to quoteMax bytes, for an error.
func cut(text string) string {
	if len(text) <= quoteMax {
		return text
	}
	n := quoteMax
	for n > quoteMax-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
