package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/gonng/gonng"
)

// endpointOption fits a dialer and a listener.
type endpointOption interface {
	gonng.DialOption
	gonng.ListenOption
}

// tlsOption is what the TLS options say for one address: nothing if that does
// not use TLS, as with nngcat.
func (c *catConfig) tlsOption(a catAddr) (endpointOption, error) {
	scheme, _, _ := strings.Cut(a.url, ":")
	if !strings.HasPrefix(scheme, "tls") && !strings.HasPrefix(scheme, "wss") {
		return nil, nil
	}
	cfg, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	if !a.dial && len(cfg.Certificates) == 0 {
		return nil, fmt.Errorf("cannot listen at %s without a certificate: give --cert, and --key", a.url)
	}
	return gonng.WithTLS(cfg), nil
}

// tlsConfig is for both sides. As with nngcat a listener asks for no
// certificate, whatever --cacert says; --insecure is about the other side, and
// a certificate without --key has its key in the same file. A dialer without
// --cacert trusts whom the system trusts, where nngcat trusts nobody.
func (c *catConfig) tlsConfig() (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: c.insecure}
	if c.cacert != nil {
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(c.cacert) {
			return nil, errors.New("option --cacert: there is no certificate in the file; it must be PEM")
		}
	}
	if c.cert != nil {
		key := c.key
		if key == nil {
			key = c.cert
		}
		pair, err := tls.X509KeyPair(c.cert, key)
		if err != nil {
			return nil, fmt.Errorf("options --cert and --key: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
