package inet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/gonng/gonng/transport"
)

// Certified refuses the configuration of a listener that could not prove who
// it is.
func Certified(scheme string, c *tls.Config) error {
	given := func(cert tls.Certificate) bool { return len(cert.Certificate) > 0 }
	if c != nil && (slices.ContainsFunc(c.Certificates, given) || c.GetCertificate != nil || c.GetConfigForClient != nil) {
		return nil
	}
	hint := ""
	if c != nil && (c.GetClientCertificate != nil || c.RootCAs != nil || c.ServerName != "" || c.InsecureSkipVerify) {
		hint = "; this one is for dialing, as TLSConfig with Mode TLSClient makes it"
	}
	return fmt.Errorf("%w: a %s listener needs a certificate: use WithTLS with a configuration that has Certificates or GetCertificate%s",
		transport.ErrInvalid, scheme, hint)
}

// ForListening adds to err, why a dialer with the configuration c does not trust
// the server, that c may be for listening.
func ForListening(err error, c *tls.Config) error {
	var unknown x509.UnknownAuthorityError
	if c == nil || c.RootCAs != nil || !errors.As(err, &unknown) || c.GetCertificate == nil && len(c.Certificates) == 0 && c.ClientCAs == nil {
		return err
	}
	return fmt.Errorf("%w; the configuration has no RootCAs and looks like one for listening, as TLSConfig with Mode TLSServer makes it", err)
}
