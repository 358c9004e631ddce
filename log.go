package gonng

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/transport"
)

func (s *socket) logger() *slog.Logger {
	s.lock()
	defer s.unlock()
	return s.cfg.Logger
}

// log writes to the socket's logger, if it has one. The socket is not locked.
func (s *socket) log(level slog.Level, msg string, args ...any) {
	if l := s.logger(); l != nil {
		s.logTo(l, level, msg, args...)
	}
}

func (s *socket) logTo(l *slog.Logger, level slog.Level, msg string, args ...any) {
	args = append([]any{"socket", s.Name(), "protocol", s.protocol.String()}, args...)
	l.Log(context.Background(), level, "gonng: "+msg, args...)
}

// String is the socket in a few words: its name and its protocol, or its protocol and its ID if
// the program gave it no name.
func (s *socket) String() string {
	if name := s.Name(); name != s.protocol.String() {
		return fmt.Sprintf("%s (%v)", name, s.protocol)
	}
	return fmt.Sprintf("%v %d", s.protocol, s.ID())
}

// String is the pipe in a line: its number, its socket, its URL and its peer.
func (p *Pipe) String() string {
	at := ""
	if url := p.URL(); url != "" {
		at = " at " + url
	}
	return fmt.Sprintf("pipe %d of %v%s, peer %s", p.ID(), p.s, at, p.name)
}

// String is the dialer in a line: its socket and its URL.
func (d *Dialer) String() string { return fmt.Sprintf("dialer of %v to %s", d.s, d.url) }

// String is the listener in a line: its socket and its URL.
func (l *Listener) String() string { return fmt.Sprintf("listener of %v at %s", l.s, l.URL()) }

// nameForLog says in a line of the log which pipe it is about.
func (p *Pipe) nameForLog() []any { return []any{"pipe", p.ID(), "peer", p.name} }

// shortened is err as it is, or an error of the same kind with the beginning of its text if
// that is long: a peer or the program may have made it so.
func shortened(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if len(text) <= longestError {
		return err
	}
	return errorf(kindIn(err), "%s…", strings.ToValidUTF8(text[:longestError], ""))
}

const longestError = 500 // bytes of its text in logs and events

// kindIn is the kind that err wraps.
func kindIn(err error) (kind Error) {
	errors.As(err, &kind)
	return kind
}

// peerName names a peer in logs and errors: by its address, or by its process if it has
// no address, as most Unix sockets. The kernel knows the process while the connection is
// open.
func peerName(peer interface{ RemoteAddr() net.Addr }) string {
	if addr := peer.RemoteAddr().String(); addr != "" && addr != "@" {
		return addr
	}
	c, ok := peer.(transport.Credentials)
	if !ok {
		return "a peer without address"
	}
	switch cred, err := c.PeerCred(); {
	case err != nil:
		return "a peer without address"
	case cred.PID == 0: // not told
		return "uid " + strconv.FormatUint(uint64(cred.UID), 10)
	default:
		return "pid " + strconv.Itoa(cred.PID)
	}
}

// dropTexts are the texts for the log of each reason for which messages are dropped.
var dropTexts = []struct {
	reason sp.Reasons
	text   string
}{
	{sp.TTLExceeded, "messages pass through too many nodes, dropping them"},
	{sp.Unexpected, "the peer sends messages, which the protocol does not receive, dropping them"},
	{sp.Unasked, "the peer answers a question that it was not asked, dropping its answers"},
	{sp.LateReply, "nobody waits for the reply, dropping it"},
	{sp.NoPeer, "the peer has gone, dropping messages for it"},
	{sp.SlowReceiver, "receiver too slow, dropping messages"},
	{notForwarded, "cannot forward messages, dropping them"},
}

// notForwarded is a reason beside those of the protocols: a Device could not send.
const notForwarded sp.Reasons = 1 << 7

// logDrops logs the losses that begin an episode. The socket is not locked.
func (s *socket) logDrops(e *sp.Effects, slow []*Pipe) {
	for _, p := range slow {
		s.log(slog.LevelWarn, "peer too slow, dropping messages to it", p.nameForLog()...)
		s.losses.look(p.event(0))
	}
	reasons, by := e.Reasons()
	if reasons != 0 {
		s.logOnce(reasons, by)
	}
}

// logOnce logs each of the reasons once an episode.
func (s *socket) logOnce(reasons sp.Reasons, by *sp.Peer, args ...any) {
	if by != nil {
		args = append(args, pipeOf(by).nameForLog()...)
	}
	for _, d := range dropTexts {
		if reasons&d.reason != 0 && s.beginsEpisode(d.reason) {
			s.log(slog.LevelWarn, d.text, args...)
			s.losses.look(eventOf(by))
		}
	}
}

// beginsEpisode reports whether a loss that happens now is the first of its reason in an
// episode.
func (s *socket) beginsEpisode(reason sp.Reasons) bool {
	s.lock()
	defer s.unlock()
	first, _, _ := s.episodes.add(reason)
	return first
}

// episodes are the runs of events by their kind.
type episodes[K comparable] map[K]*episode

// add adds an event that happens now. It reports whether the event is the first of an
// episode, how many events the last episode had before, and how many it has now.
func (l *episodes[K]) add(kind K) (first bool, before, count int) {
	if *l == nil {
		*l = make(episodes[K])
	}
	e := (*l)[kind]
	if e == nil {
		e = new(episode)
		(*l)[kind] = e
	}
	return e.add()
}

// episode is a run of events of one kind, which is logged once: it goes on until a
// pause of sp.EpisodeGap.
type episode struct {
	last  int64
	count int // events since it began
}

func (e *episode) add() (first bool, before, count int) {
	present := now()
	first, before = e.last == 0 || present-e.last > int64(sp.EpisodeGap), e.count
	e.last = present
	if first {
		e.count = 0
	}
	e.count++
	return first, before, e.count
}
