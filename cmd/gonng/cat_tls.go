package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gonng/gonng"
)

// endpointOption fits a dialer and a listener.
type endpointOption interface {
	gonng.DialOption
	gonng.ListenOption
}

// tlsOptions are the TLS options of cat and of device.
type tlsOptions struct {
	insecure          bool
	cacert, cert, key []byte // the files' content
}

func (c *tlsOptions) options(stdin io.Reader) []option {
	return []option{
		{name: "insecure", short: 'k', set: on(&c.insecure)},
		{name: "cacert", value: true, set: once(&c.cacert, stdin)},
		{name: "cert", short: 'E', value: true, set: once(&c.cert, stdin)},
		{name: "key", value: true, set: once(&c.key, stdin)},
	}
}

// tlsOption is what the TLS options say for one address: nothing if that does
// not use TLS, as with nngcat.
func (c *tlsOptions) tlsOption(url string, dial bool) (endpointOption, error) {
	scheme, _, _ := strings.Cut(url, ":")
	for _, resolving := range []string{"dns+", "dnssrv+"} { // names with many addresses
		scheme = strings.TrimPrefix(scheme, resolving)
	}
	if !strings.HasPrefix(scheme, "tls") && !strings.HasPrefix(scheme, "wss") {
		return nil, nil
	}
	cfg, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	if !dial && len(cfg.Certificates) == 0 {
		return nil, fmt.Errorf("cannot listen at %s without a certificate: give --cert, and --key", url)
	}
	return gonng.WithTLS(cfg), nil
}

// tlsConfig is for both sides. As with nngcat a listener asks for no
// certificate, whatever --cacert says; --insecure is about the other side, and
// a certificate without --key has its key in the same file. A dialer without
// --cacert trusts whom the system trusts, where nngcat trusts nobody.
func (c *tlsOptions) tlsConfig() (*tls.Config, error) {
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
