package gonngtest

import (
	"slices"

	"github.com/gonng/gonng"
)

// Constructor makes a socket of one protocol, so that a table can have all of
// them.
type Constructor func(opts ...gonng.SocketOption) (gonng.Socket, error)

// ConstructorOf returns newSocket, such as [gonng.NewReq0], as a Constructor. The
// constructors of gonng differ in the type of their options. Each socket gets the
// options in always before others.
func ConstructorOf[S gonng.Socket, O any](newSocket func(...O) (S, error), always ...O) Constructor {
	return func(opts ...gonng.SocketOption) (gonng.Socket, error) {
		own := slices.Clip(always)
		for _, o := range opts {
			own = append(own, any(o).(O)) // what fits every socket fits this one
		}
		return newSocket(own...)
	}
}
