package main

import (
	"context"
	"errors"

	"github.com/nats-io/nats-server/v2/server"
)

// startNATS runs a server with its defaults on a free port, or one that only
// this process can reach.
func startNATS(inproc bool) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, DontListen: inproc,
		NoLog: true, NoSigs: true,
	})
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(startup) {
		return nil, errors.New("the server does not start")
	}
	return s, nil
}

// natsServer is the end of the role "server".
type natsServer struct{ server *server.Server }

func openNATSServer() (end, error) {
	s, err := startNATS(false)
	return natsServer{s}, err
}

// natsURL is where the server is, and a subject.
func natsURL(s *server.Server) string { return s.ClientURL() + "/bench" }

func (e natsServer) URL() string { return natsURL(e.server) }

func (natsServer) Join(context.Context) error { return nil }
func (natsServer) Send([]byte) error          { return errors.ErrUnsupported }

// Recv waits for the server to end.
func (e natsServer) Recv() ([]byte, error) {
	e.server.WaitForShutdown()
	return nil, nil
}

func (e natsServer) Close() error {
	e.server.Shutdown()
	return nil
}
