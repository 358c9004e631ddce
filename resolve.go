package gonng

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/task"
)

// A URL that begins with dns+ or dnssrv+ has a name with many addresses. Its dialer has a
// target for each address, and looks the name up again and again:
//
//	a look-up succeeds      new addresses get targets; an address that is missing for the
//	                        third time in a row loses its target
//	it fails, finds none    everything stays: "not found" is often a passing state
//
// All addresses are of one family, because two would give a subscriber everything twice.

// retireAfter is how many look-ups in a row have to miss an address.
const retireAfter = 3

// connectName looks the name up for the first time, and returns when there is a first
// connection, and the outcome at every address; but it waits no longer than firstWait for the
// others.
func (d *Dialer) connectName(tell bool) error {
	fresh, err := d.lookUp(tell)
	outcomes := make(chan error, len(fresh))
	for _, t := range fresh {
		d.start(func(task *task.Task) { outcomes <- t.connect(task, tell) })
	}
	d.start(d.keepUp)
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
			d.start(func(task *task.Task) { _ = t.connect(task, false) })
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
		d.start(t.retire)
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
