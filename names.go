package gonng

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gonng/gonng/transport"
)

// manyAddresses is what a URL with a name that has many addresses adds to an endpointURL.
type manyAddresses struct {
	host     string   // the name that the peers have certificates for
	service  string   // the name of the SRV records; "": there are none
	families []string // to look for in turn, as package net names them
}

// optResolve are the options of looking a name up. No transport has them.
const optResolve transport.Options = 1 << 31

// cutName takes dns+ or dnssrv+ off a scheme.
func cutName(scheme string) (inner string, srv, ok bool) {
	if inner, ok = strings.CutPrefix(scheme, "dns+"); ok {
		return inner, false, true
	}
	inner, ok = strings.CutPrefix(scheme, "dnssrv+")
	return inner, ok, ok
}

// parseName is parseDialURL for a URL with dns+ or dnssrv+, which was taken off the scheme.
func parseName(inner, address string, srv bool) (endpointURL, error) {
	if _, _, twice := cutName(inner); twice {
		return endpointURL{}, errorf(ErrNotSupported, "%s: one prefix is enough", inner)
	}
	if inBrowser {
		return endpointURL{}, errorf(ErrNotSupported, "a browser looks names up by itself and connects to one address: dial %s without the prefix", inner)
	}
	name := new(manyAddresses)
	if srv {
		end := strings.IndexAny(address+"/", "/?#")
		name.service = address[:end]
		labels := strings.SplitN(name.service, ".", 3)
		if len(labels) < 3 || len(labels[0]) < 2 || len(labels[1]) < 2 || labels[0][0] != '_' || labels[1][0] != '_' || strings.ContainsAny(labels[2], ":@") {
			return endpointURL{}, errorf(ErrAddressInvalid, "%q: want _service._proto.name, without a port", name.service)
		}
		address = withPort(labels[2], 1, address[end:]) // each SRV record has a port
	}
	to, err := parseURL(inner + "://" + address)
	if err != nil {
		return endpointURL{}, err
	}
	if !to.knows(transport.OptDialContext | transport.OptTCPNoDelay) {
		return endpointURL{}, errorf(ErrNotSupported, "only hosts of tcp, tls+tcp, ws and wss have many addresses, not those of %s", inner)
	}
	if err := to.checkDial(); err != nil {
		return endpointURL{}, classify(err)
	}
	u, err := url.Parse("//" + address)
	if err != nil || u.Hostname() == "" {
		return endpointURL{}, errorf(ErrAddressInvalid, "%q: there is no name to look up", address)
	}
	name.host, name.families = u.Hostname(), familiesOf(inner)
	to.name, to.options = name, to.options|optResolve
	return to, nil
}

// familiesOf returns the families of addresses that a scheme allows, the preferred one first.
func familiesOf(scheme string) []string {
	switch scheme[len(scheme)-1] {
	case '4':
		return []string{"ip4"}
	case '6':
		return []string{"ip6"}
	}
	return []string{"ip4", "ip6"}
}

// withPort is the address of host and port, with what follows them in a URL.
func withPort(host string, port uint16, rest string) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port))) + rest
}

// at is the URL with which the peer at address is dialed.
func (to endpointURL) at(address netip.AddrPort) endpointURL {
	if port := address.Port(); port != 0 { // of an SRV record, in place of that of parseName
		_, rest, _ := strings.Cut(to.address, ":1")
		to.address = withPort(to.name.host, port, rest)
	}
	return to
}

// addresses looks the name up. The port of an address is that of an SRV record, or 0. When
// there is an error, and addresses, some may be missing.
func (n *manyAddresses) addresses(ctx context.Context, r *net.Resolver) (found []netip.AddrPort, err error) {
	hosts := []*net.SRV{{Target: n.host}}
	if n.service != "" {
		_, hosts, err = r.LookupSRV(ctx, "", "", n.service)
		if err != nil {
			return nil, err
		}
		lowest := hosts[0].Priority // they come in the order of their priorities
		hosts = slices.DeleteFunc(hosts, func(h *net.SRV) bool { return h.Priority != lowest || h.Target == "." })
	}
	for _, family := range n.families {
		for _, h := range hosts {
			addresses, failed := lookUp(ctx, r, family, h.Target)
			if failed != nil {
				err = failed
			}
			for _, a := range addresses {
				found = append(found, netip.AddrPortFrom(a.Unmap(), h.Port))
			}
		}
		if len(found) > 0 || err != nil { // nobody knows whether there is one of the first family
			return compact(found), err
		}
	}
	return nil, fmt.Errorf("%w: the name %s has no address", ErrUnreachable, cmp.Or(n.service, n.host))
}

// compact sorts out duplicates.
func compact(list []netip.AddrPort) []netip.AddrPort {
	slices.SortFunc(list, netip.AddrPort.Compare)
	return slices.Compact(list)
}

// lookUp is LookupNetIP of one family. That nothing was found is no error.
func lookUp(ctx context.Context, r *net.Resolver, family, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip = ip.Unmap(); ip.Is4() == (family == "ip4") {
			return []netip.Addr{ip}, nil
		}
		return nil, nil
	}
	found, err := r.LookupNetIP(ctx, family, host)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		err = nil
	}
	return found, err
}
