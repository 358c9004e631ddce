package main

import (
	"context"
	"fmt"

	"github.com/gonng/gonng"
)

func demoPubSub(ctx context.Context, url string, say say) error {
	pub, err := gonng.NewPub0(gonng.WithListen(url))
	if err != nil {
		return err
	}
	defer pub.Close()
	fan, err := gonng.NewSub0(gonng.WithDial(url), gonng.WithTopics("sport "))
	if err != nil {
		return err
	}
	defer fan.Close()
	reader, err := gonng.NewSub0(gonng.WithDial(url), gonng.WithTopics("")) // everything
	if err != nil {
		return err
	}
	defer reader.Close()
	// Who is not connected yet would miss what is published.
	if err := pub.WaitPeers(ctx, 2); err != nil {
		return err
	}
	if err := say.tell(ctx, "pub", pub, "reader", reader, "weather: rain"); err != nil {
		return err
	}
	if err := say.tell(ctx, "pub", pub, "reader", reader, "sport 3:1"); err != nil {
		return err
	}
	return say.hear(ctx, "pub", "fan", fan)
}

func demoSurvey(ctx context.Context, url string, say say) error {
	surveyor, err := gonng.NewSurveyor0(gonng.WithListen(url))
	if err != nil {
		return err
	}
	defer surveyor.Close()
	var people [2]*gonng.Respondent0
	for i := range people {
		if people[i], err = gonng.NewRespondent0(gonng.WithDial(url)); err != nil {
			return err
		}
		defer people[i].Close()
	}
	if err := surveyor.WaitPeers(ctx, len(people)); err != nil {
		return err
	}
	if err := surveyor.Send(ctx, []byte("tea or coffee?")); err != nil {
		return err
	}
	for i, answer := range []string{"tea", "coffee"} {
		name := fmt.Sprint("person ", i+1)
		if err := say.hear(ctx, "surveyor", name, people[i]); err != nil {
			return err
		}
		if err := say.tell(ctx, name, people[i], "surveyor", surveyor, answer); err != nil {
			return err
		}
	}
	return nil
}

func demoBus(ctx context.Context, url string, say say) error {
	// A bus does not forward: each of the three is connected to each.
	names := []string{"alice", "bob", "carol"}
	var members [3]*gonng.Bus0
	var err error
	for i := range members {
		if members[i], err = gonng.NewBus0(gonng.WithListen(fmt.Sprint(url, i))); err != nil {
			return err
		}
		defer members[i].Close()
		for j := range i {
			if _, err := members[i].Dial(ctx, fmt.Sprint(url, j)); err != nil {
				return err
			}
		}
	}
	for _, m := range members {
		if err := m.WaitPeers(ctx, len(members)-1); err != nil {
			return err
		}
	}
	for from, m := range members {
		if err := m.Send(ctx, []byte("this is "+names[from])); err != nil {
			return err
		}
		for to, other := range members {
			if to == from {
				continue
			}
			if err := say.hear(ctx, names[from], names[to], other); err != nil {
				return err
			}
		}
	}
	return nil
}
