package gonng

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// A URL that begins with dns+ or dnssrv+ has a name with many addresses. Its dialer has a
// target for each address, and looks the name up again and again:
//
//	a look-up succeeds      new addresses get targets; an address that is missing for the
//	                        third time in a row loses its target
//	it fails, finds none    everything stays: "not found" is often a passing state
//
// All addresses are of one family, because two would give a subscriber everything twice.

// manyAddresses is what a URL with a name that has many addresses adds to an endpointURL.
type manyAddresses struct {
	host     string   // the name that the peers have certificates for
	service  string   // the name of the SRV records; "": there are none
	families []string // to look for in turn, as package net names them
}

// optResolve are the options of looking a name up. No transport has them.
const optResolve transport.Options = 1 << 31

// retireAfter is how many look-ups in a row have to miss an address.
const retireAfter = 3

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
	to, err := parseDialURL(inner + "://" + address)
	if err != nil {
		return endpointURL{}, err
	}
	if !to.knows(transport.OptDialContext | transport.OptTCPNoDelay) {
		return endpointURL{}, errorf(ErrNotSupported, "only hosts of tcp, tls+tcp, ws and wss have many addresses, not those of %s", inner)
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

// connectName looks the name up for the first time, and returns when there is a first
// connection, and the outcome at every address; but it waits no longer than firstWait for the
// others.
func (d *Dialer) connectName(tell bool) error {
	fresh, err := d.lookUp(tell)
	outcomes := make(chan error, len(fresh))
	for _, t := range fresh {
		d.s.start(d.url, func(task *task.Task) { outcomes <- t.connect(task, tell) })
	}
	d.s.start(d.url, d.keepUp)
	var others <-chan time.Time
	for range fresh {
		select {
		case failed := <-outcomes:
			if failed != nil {
				err = failed
			} else if others == nil {
				timer := time.NewTimer(firstWait)
				defer timer.Stop()
				others = timer.C
			}
		case <-others:
			return nil
		}
	}
	if others != nil {
		return nil
	}
	return err
}

// firstWait is how long a Dial that has a connection waits for those to other addresses of
// the name, one of which may be that of a machine that is down and says nothing.
const firstWait = time.Second

// keepUp is the goroutine of a dialer that looks its name up again and again.
func (d *Dialer) keepUp(*task.Task) {
	for d.waitToLookUp() {
		fresh, _ := d.lookUp(false)
		for _, t := range fresh {
			d.s.start(d.url, func(task *task.Task) { _ = t.connect(task, false) })
		}
	}
}

// waitToLookUp waits until the name is to be looked up again. As long as there is no address
// at all, that is as soon as another attempt to connect would be.
func (d *Dialer) waitToLookUp() bool {
	d.mu.Lock()
	if len(d.targets) == 0 {
		d.mu.Unlock()
		return d.lookUps.wait(d, d.ctx)
	}
	pause := d.lookUps.waitAtMost(d.cfg.ResolveInterval)
	d.lookUps.delay = 0
	d.mu.Unlock()
	return sleep(d.ctx, pause)
}

// lookUp looks the name up, and returns new targets for addresses that have none. It retires
// those whose addresses are no more.
func (d *Dialer) lookUp(tell bool) (fresh []*target, err error) {
	d.mu.Lock()
	resolver := d.cfg.Resolver
	d.mu.Unlock()
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	ctx, cancel := context.WithTimeout(d.ctx, attemptTimeout)
	defer cancel()
	found, err := d.to.name.addresses(ctx, resolver)
	if d.stopped() {
		return nil, d.s.opError("dial", d.url, ErrClosed)
	}
	if err != nil {
		err = d.s.opError("dial", d.url, classifyOr(err, ErrUnreachable))
		d.lookUps.failed(d, err, "cannot look up", tell)
	}
	fresh, retired := d.compare(found, err == nil)
	for _, t := range retired {
		d.s.log(slog.LevelInfo, "the name does not have the address any more", "url", d.url, "address", t.where())
		d.s.start(d.url, t.retire)
	}
	return fresh, err
}

// compare notes what a look-up has found. complete says that this is all there is; otherwise
// some may be missing.
func (d *Dialer) compare(found []netip.AddrPort, complete bool) (fresh, retired []*target) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if complete {
		d.lookUps.succeededLocked()
	}
	var have []netip.AddrPort
	for _, t := range d.targets {
		switch {
		case t.retired:
			continue
		case !complete || slices.Contains(found, t.address):
			t.missing = 0
		default:
			t.missing++
		}
		if t.retired = t.missing == retireAfter; t.retired {
			retired = append(retired, t)
		} else {
			have = append(have, t.address)
		}
	}
	for _, a := range found {
		otherFamily := len(have) > 0 && have[0].Addr().Is4() != a.Addr().Is4()
		if !otherFamily && !slices.Contains(have, a) {
			t := d.newTarget(d.to.at(a), a)
			fresh, have = append(fresh, t), append(have, a)
			d.targets = append(d.targets, t)
		}
	}
	return fresh, retired
}

// retire ends a target: its connection when all that was accepted for it is written and
// answered.
func (t *target) retire(*task.Task) {
	t.cancel()
	t.d.mu.Lock()
	p := t.pipe
	t.d.mu.Unlock()
	if p != nil && !p.retire(t.d.ctx, errorf(ErrClosed, "the name does not have the address %s any more", t.where())) {
		return // Close of the dialer may look for the pipe yet
	}
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	t.d.targets = slices.DeleteFunc(t.d.targets, func(x *target) bool { return x == t })
}

// where is the address in words: it has a port if that is of an SRV record.
func (t *target) where() string {
	if t.address.Port() == 0 {
		return t.address.Addr().String()
	}
	return t.address.String()
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
