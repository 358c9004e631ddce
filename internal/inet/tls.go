package inet

import (
	"crypto/tls"
	"fmt"

	"github.com/gonng/gonng/transport"
)

// Certified refuses the configuration of a listener that could not prove who
// it is.
func Certified(scheme string, c *tls.Config) error {
	if c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil) {
		return nil
	}
	return fmt.Errorf("%w: a %s listener needs a certificate: use WithTLS with a configuration that has Certificates or GetCertificate",
		transport.ErrInvalid, scheme)
}
