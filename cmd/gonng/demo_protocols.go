package main

import (
	"context"
	"fmt"

	"github.com/gonng/gonng"
)

// tell sends text from one socket to the next and says what arrived.
func (s say) tell(ctx context.Context, from string, a gonng.Sender, to string, b gonng.Receiver, text string) error {
	if err := a.Send(ctx, []byte(text)); err != nil {
		return err
	}
	return s.hear(ctx, from, to, b)
}

// hear says what arrives next at b.
func (s say) hear(ctx context.Context, from, to string, b gonng.Receiver) error {
	got, err := b.Recv(ctx)
	if err != nil {
		return err
	}
	s(from, to, got)
	return nil
}

func demoPair0(ctx context.Context, url string, say say) error {
	alice, err := gonng.NewPair0(gonng.WithListen(url))
	if err != nil {
		return err
	}
	defer alice.Close()
	bob, err := gonng.NewPair0(gonng.WithDial(url))
	if err != nil {
		return err
	}
	defer bob.Close()
	if err := say.tell(ctx, "alice", alice, "bob", bob, "knock knock"); err != nil {
		return err
	}
	return say.tell(ctx, "bob", bob, "alice", alice, "who is there?")
}

func demoPair1(ctx context.Context, url string, say say) error {
	host, err := gonng.NewPair1(gonng.WithPolyamorous(), gonng.WithListen(url))
	if err != nil {
		return err
	}
	defer host.Close()
	for _, name := range []string{"alice", "bob"} {
		guest, err := gonng.NewPair1(gonng.WithDial(url))
		if err != nil {
			return err
		}
		defer guest.Close()
		if err := guest.Send(ctx, []byte("I am "+name)); err != nil {
			return err
		}
		hello, err := host.RecvMsg(ctx)
		if err != nil {
			return err
		}
		say(name, "host", hello.Bytes())
		welcome := gonng.NewMessage([]byte("welcome, " + name))
		welcome.SetPipe(hello.Pipe())
		if err := host.SendMsg(ctx, welcome); err != nil {
			return err
		}
		if err := say.hear(ctx, "host", name, guest); err != nil {
			return err
		}
	}
	return nil
}

func demoReqRep(ctx context.Context, url string, say say) error {
	rep, err := gonng.NewRep0(gonng.WithListen(url))
	if err != nil {
		return err
	}
	defer rep.Close()
	req, err := gonng.NewReq0(gonng.WithDial(url))
	if err != nil {
		return err
	}
	defer req.Close()
	if err := say.tell(ctx, "req", req, "rep", rep, "what is the answer?"); err != nil {
		return err
	}
	return say.tell(ctx, "rep", rep, "req", req, "42")
}

func demoPipeline(ctx context.Context, url string, say say) error {
	push, err := gonng.NewPush0(gonng.WithListen(url))
	if err != nil {
		return err
	}
	defer push.Close()
	var pulls [2]*gonng.Pull0
	for i := range pulls {
		if pulls[i], err = gonng.NewPull0(gonng.WithDial(url)); err != nil {
			return err
		}
		defer pulls[i].Close()
		// The turns go by who connected first.
		if err := push.WaitPeers(ctx, i+1); err != nil {
			return err
		}
	}
	for task := range 4 {
		i := task % len(pulls)
		err := say.tell(ctx, "push", push, fmt.Sprint("pull ", i+1), pulls[i], fmt.Sprint("task ", task+1))
		if err != nil {
			return err
		}
	}
	return nil
}
