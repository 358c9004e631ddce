package main

import (
	"bufio"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/maintest"
)

func TestMain(m *testing.M) { maintest.Main(m, main) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Only who has signed in gets the feed.
func TestFeed(t *testing.T) {
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	program := maintest.Command(ctx, "-listen", "127.0.0.1:0", "-password", "secret")
	errors, err := program.StderrPipe()
	check(t, err)
	check(t, program.Start())
	defer program.Wait()
	defer program.Process.Kill()
	line, err := bufio.NewReader(errors).ReadString('\n')
	check(t, err)
	site := regexp.MustCompile(`http://\S+`).FindString(line)

	sub, err := gonng.NewSub0(gonng.WithTopics("EUR "))
	check(t, err)
	defer sub.Close()
	feed := strings.Replace(site, "http", "ws", 1) + "/feed"
	if _, err := sub.Dial(ctx, feed, gonng.WithDialMode(gonng.DialWait)); err == nil || !strings.Contains(err.Error(), "sign in first") {
		t.Errorf("without a cookie: %v", err)
	}

	jar, err := cookiejar.New(nil)
	check(t, err)
	client := http.Client{Jar: jar}
	for password, status := range map[string]int{"wrong": 403, "secret": 204} {
		answer, err := client.PostForm(site+"/login", url.Values{"password": {password}})
		check(t, err)
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("password %s: %s", password, answer.Status)
		}
	}
	client.CloseIdleConnections()
	at, err := url.Parse(site)
	check(t, err)
	cookies := jar.Cookies(at)
	if len(cookies) != 1 {
		t.Fatalf("the cookies are %v", cookies)
	}
	_, err = sub.Dial(ctx, feed, gonng.WithDialMode(gonng.DialWait), gonng.WithHTTPHeader(http.Header{"Cookie": {cookies[0].String()}}))
	check(t, err)
	price, err := sub.Recv(ctx)
	check(t, err)
	if !strings.HasPrefix(string(price), `EUR {"name":"EUR","price":`) {
		t.Errorf("received %s", price)
	}
}
