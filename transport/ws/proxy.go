//go:build !js

package ws

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// proxy returns to http.Transport the proxy that the environment names. For a ws:// URL
// http.Transport would ask an HTTP proxy to fetch the URL as a page, and few proxies let that
// become a WebSocket. So proxy keeps such a proxy in d.through, and connect tunnels through
// it.
func (d *dialer) proxy(r *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil || proxy == nil || proxy.Scheme != "http" || r.URL.Scheme != "http" {
		return proxy, err
	}
	d.through = proxy
	return nil, nil
}

// proxyHostPort returns the address of an HTTP proxy.
func proxyHostPort(proxy *url.URL) string {
	return net.JoinHostPort(proxy.Hostname(), cmp.Or(proxy.Port(), "80"))
}

// tunnel asks the proxy at the other end of nc for a connection to hostPort.
func tunnel(nc net.Conn, proxy *url.URL, hostPort string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: hostPort}, Host: hostPort, Header: make(http.Header)}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
		r.Header["Proxy-Authorization"] = r.Header["Authorization"]
		r.Header.Del("Authorization")
	}
	if err := r.Write(nc); err != nil {
		return err
	}
	answer := bufio.NewReader(io.LimitReader(nc, maxHeader))
	response, err := http.ReadResponse(answer, r)
	if err != nil {
		return fmt.Errorf("proxy %s: %w", proxy.Host, err)
	}
	if err := proxied(context.Background(), proxy, r, response); err != nil {
		return err
	}
	if answer.Buffered() > 0 {
		return fmt.Errorf("%w: proxy %s: the server has sent something before the request", transport.ErrProtocol, proxy.Host)
	}
	return nil
}

// proxied returns an error when the proxy does not answer 200. http.Transport calls it, too.
func proxied(_ context.Context, proxy *url.URL, _ *http.Request, response *http.Response) error {
	kind := transport.ErrProtocol
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired, http.StatusForbidden:
		kind = fs.ErrPermission
	case http.StatusNotFound, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		kind = syscall.ECONNREFUSED
	}
	return fmt.Errorf("%w: proxy %s answers %s", kind, proxy.Host, cut(response.Status))
}
