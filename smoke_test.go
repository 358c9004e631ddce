package gonng_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gonng/gonng"
)

func urls(t testing.TB) []string {
	return []string{"tcp://127.0.0.1:0", "ipc://" + t.TempDir() + "/x", "inproc://" + t.Name()}
}

func TestSmoke(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, u := range urls(t) {
		rep, err := gonng.NewRep0(gonng.WithListen(u))
		if err != nil {
			t.Fatal(err)
		}
		req, err := gonng.NewReq0(gonng.WithDial(rep.Listeners()[0].URL()))
		if err != nil {
			t.Fatal(err)
		}
		if err := req.Send(ctx, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		b, err := rep.Recv(ctx)
		fmt.Println(string(b), err)
		fmt.Println(rep.Send(ctx, []byte("world")))
		b, err = req.Recv(ctx)
		fmt.Println(string(b), err)
		_, err = req.Recv(ctx)
		fmt.Println(err)
		fmt.Println(req.Close(), rep.Close())
	}
}

func BenchmarkPushPull(b *testing.B) {
	for _, u := range urls(b) {
		for _, size := range []int{64, 1024, 65536, 1 << 20} {
			b.Run(fmt.Sprint(u[:4], "/", size), func(b *testing.B) {
				ctx := context.Background()
				pull, _ := gonng.NewPull0(gonng.WithListen(u), gonng.WithRecvMaxSize(0))
				push, err := gonng.NewPush0(gonng.WithDial(pull.Listeners()[0].URL()))
				if err != nil {
					b.Fatal(err)
				}
				body := make([]byte, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				go func() {
					for range b.N {
						push.Send(ctx, body)
					}
				}()
				for range b.N {
					m, err := pull.RecvMsg(ctx)
					if err != nil {
						b.Fatal(err)
					}
					m.Free()
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
				push.Close()
				pull.Close()
			})
		}
	}
}

func BenchmarkReqRep(b *testing.B) {
	for _, u := range urls(b) {
		b.Run(u[:4], func(b *testing.B) {
			ctx := context.Background()
			rep, _ := gonng.NewRep0(gonng.WithListen(u))
			req, err := gonng.NewReq0(gonng.WithDial(rep.Listeners()[0].URL()))
			if err != nil {
				b.Fatal(err)
			}
			go func() {
				buf := make([]byte, 64)
				for {
					n, err := rep.RecvInto(ctx, buf)
					if err != nil {
						return
					}
					rep.Send(ctx, buf[:n])
				}
			}()
			body := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				req.Send(ctx, body)
				if _, err := req.RecvInto(ctx, body); err != nil {
					b.Fatal(err)
				}
			}
			req.Close()
			rep.Close()
		})
	}
}
