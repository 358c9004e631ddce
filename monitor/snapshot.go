package monitor

import (
	"time"

	"github.com/gonng/gonng"
)

// Version is the version of the schema of [Snapshot]. A version only adds fields to those of
// the versions before; a change of another kind gets another number.
const Version = 1

// Snapshot is what snapshot.json and each sample of events have. All times are in RFC 3339,
// all ages in seconds.
type Snapshot struct {
	Version int       `json:"version"` // of the schema, see [Version]
	Time    time.Time `json:"time"`    // when it was taken
	Process Process   `json:"process"`
	Sockets []Socket  `json:"sockets"`          // those that are open, in the order in which they were made
	Events  []Event   `json:"events,omitempty"` // the last, the oldest first; in events they come by themselves
}

// Process is the program that has the sockets.
type Process struct {
	Name       string  `json:"name"`
	PID        int     `json:"pid"`
	Host       string  `json:"host"`
	Go         string  `json:"go"`  // the version of Go
	Age        float64 `json:"age"` // seconds since it began
	Goroutines int     `json:"goroutines"`
	Memory     uint64  `json:"memory"` // bytes that the Go runtime has from the operating system
	Heap       uint64  `json:"heap"`   // bytes of objects
}

// Socket is an open socket.
type Socket struct {
	ID         uint32            `json:"id"` // see [gonng.Socket].ID
	Name       string            `json:"name"`
	Protocol   string            `json:"protocol"`
	Peer       string            `json:"peer"`              // the protocol it talks to
	Raw        bool              `json:"raw,omitempty"`     // see [gonng.Socket].Raw
	Options    map[string]string `json:"options,omitempty"` // those that differ from the default, by the field of gonng.Config
	Stats      gonng.Stats       `json:"stats"`
	Lossy      bool              `json:"lossy,omitempty"` // a message for a peer whose queue is full is dropped
	Dialers    []Dialer          `json:"dialers,omitempty"`
	Listeners  []Listener        `json:"listeners,omitempty"`
	Pipes      []Pipe            `json:"pipes,omitempty"`  // a page of them
	PipesTotal int               `json:"pipes_total"`      // how many there are, also those that Pipes leaves out
	Advice     []Advice          `json:"advice,omitempty"` // what is suspicious
}

// Dialer is a dialer of a socket.
type Dialer struct {
	URL         string             `json:"url"`
	Connected   bool               `json:"connected"`
	Error       string             `json:"error,omitempty"`        // the last failure
	NextAttempt *time.Time         `json:"next_attempt,omitempty"` // when it tries again
	Pipes       int                `json:"pipes"`                  // how many it has
	Stats       gonng.ConnectStats `json:"stats"`
}

// Listener is a listener of a socket.
type Listener struct {
	URL   string             `json:"url"`
	Pipes int                `json:"pipes"` // how many it has
	Stats gonng.ConnectStats `json:"stats"`
}

// Pipe is a connection to a peer.
type Pipe struct {
	ID         uint32          `json:"id"`
	URL        string          `json:"url"`              // of its dialer or listener
	Side       string          `json:"side"`             // dialer, listener or attached
	Local      string          `json:"local,omitempty"`  // address of this side
	Remote     string          `json:"remote,omitempty"` // address of the peer
	TLS        *TLS            `json:"tls,omitempty"`
	PeerCred   *PeerCred       `json:"peer_cred,omitempty"` // the process of the peer, where the operating system tells
	Age        float64         `json:"age"`                 // seconds since it connected
	Unchanged  float64         `json:"unchanged"`           // for how many seconds the monitor has seen no change of its counters
	Stats      gonng.PipeStats `json:"stats"`
	SendLimit  Limit           `json:"send_limit"`
	RecvLimit  *Limit          `json:"recv_limit,omitempty"` // none where the socket, not each peer, has a queue
	SendFull   float64         `json:"send_full,omitempty"`  // for how many seconds each sample has found the send queue full
	inTrouble  bool            // it has lost messages lately, or its queue is full
	throughput uint64          // for the order
}

// Limit is the size of a queue: in messages, or else in bytes.
type Limit struct {
	Messages int `json:"messages,omitempty"`
	Bytes    int `json:"bytes,omitempty"`
}

// TLS is the connection of a pipe, without a key.
type TLS struct {
	Version     string `json:"version"`
	CipherSuite string `json:"cipher_suite"`
	ServerName  string `json:"server_name,omitempty"`
	Subject     string `json:"subject,omitempty"` // of the peer's certificate
}

// PeerCred is a [gonng.PeerCred].
type PeerCred struct {
	PID int    `json:"pid,omitempty"` // where it is told
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
}

// Advice says in plain words that a state is suspicious, and what to do.
type Advice struct {
	Level string `json:"level"` // bad: messages are lost or cannot flow; warn; info
	Code  string `json:"code"`  // the kind of state, see docs/monitor.md
	Text  string `json:"text"`
}

// Event is a [gonng.Event], which explains the fields.
type Event struct {
	Seq      uint64    `json:"seq"`
	Time     time.Time `json:"time"`
	Kind     string    `json:"kind"`
	Socket   uint32    `json:"socket"`
	Name     string    `json:"name"`
	Protocol string    `json:"protocol"`
	Pipe     uint32    `json:"pipe,omitempty"`
	URL      string    `json:"url,omitempty"`
	Peer     string    `json:"peer,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Count    uint64    `json:"count,omitempty"`
	Error    string    `json:"error,omitempty"`
}
