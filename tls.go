package gonng

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/gonng/gonng/internal/keyfile"
	"github.com/gonng/gonng/transport"
)

// WithTLS sets the configuration of TLS connections; [TLSConfig] makes one in the terms of nng.
// The socket uses config itself, with all its functions, and does not copy it: the program
// must not change it afterwards, except as package tls allows. Without a ServerName, a dialer
// takes that from the URL.
//
// Default, and for nil: a dialer trusts the system's authorities; a listener cannot listen,
// because it needs a certificate (ErrInvalid). Given to a dialer or listener whose URL is not
// one of TLS: ErrNotSupported. nng: NNG_OPT_TLS_CONFIG; pynng: tls_config.
func WithTLS(config *tls.Config) EndpointOption {
	return forEndpoint(setting{
		name:        "WithTLS",
		change:      func(c *Config) { c.TLS = config },
		transport:   transport.OptTLS,
		byTransport: true,
	})
}

// TLSMode is the side of a connection that a configuration is for. nng: nng_tls_mode.
type TLSMode int

// The sides. nng: NNG_TLS_MODE_CLIENT and NNG_TLS_MODE_SERVER; pynng:
// TLSConfig.MODE_CLIENT and TLSConfig.MODE_SERVER.
const (
	TLSClient TLSMode = iota + 1 // the side that dials
	TLSServer                    // the side that listens
)

// String returns the name of m: client or server.
func (m TLSMode) String() string {
	switch m {
	case TLSClient:
		return "client"
	case TLSServer:
		return "server"
	}
	return fmt.Sprintf("TLSMode(%d)", int(m))
}

// TLSAuthMode says whether the peer has to prove who it is. nng: nng_tls_auth_mode.
type TLSAuthMode int

// Whether the peer has to prove who it is. The zero value is AuthRequired for a client and
// AuthNone for a server. nng: NNG_TLS_AUTH_MODE_NONE and so on; pynng:
// TLSConfig.AUTH_MODE_NONE and so on.
const (
	// AuthNone: the peer proves nothing. A client encrypts, but does not know for whom; a
	// server asks for no certificate.
	AuthNone TLSAuthMode = iota + 1
	// AuthOptional: the peer need not prove anything, as with nng: a peer whose certificate
	// is missing or bad is accepted. A server asks for a certificate, which nobody
	// verifies; a hook finds it in [Pipe.TLS].
	AuthOptional
	// AuthRequired: the peer needs a certificate that the CA has signed; that of a server
	// must be for the name that was dialed. Other peers are refused.
	AuthRequired
)

// String returns the name of m: none, optional or required.
func (m TLSAuthMode) String() string {
	switch m {
	case AuthNone:
		return "none"
	case AuthOptional:
		return "optional"
	case AuthRequired:
		return "required"
	}
	return fmt.Sprintf("TLSAuthMode(%d)", int(m))
}

// TLSConfig describes a *tls.Config in the terms of nng and pynng; [WithTLS]
// takes one however it was made. Certificates and keys are PEM.
//
//	config, err := gonng.TLSConfig{Mode: gonng.TLSServer, CertKeyFile: "server.pem"}.Build()
//	…
//	rep, err := gonng.NewRep0(gonng.WithListen("tls+tcp://:5556", gonng.WithTLS(config)))
//
// nng: nng_tls_config; pynng: TLSConfig.
type TLSConfig struct {
	// Mode is the side of the connection. It has no default. pynng: mode.
	Mode TLSMode
	// ServerName is the name that the server's certificate must have as a DNS
	// name or IP address; its common name does not count. A client takes it from
	// the URL by default; a server does not use it. pynng: server_name.
	ServerName string
	// CA are the certificates to trust, any number of them. Default: those that
	// the system trusts, but a server with AuthRequired needs CA or CAFiles.
	// pynng: ca_string.
	CA string
	// CAFiles are files to take the place of CA. pynng: ca_files.
	CAFiles []string
	// OwnCert proves who this side is: its certificate, with those between it
	// and the CA behind it. It goes with OwnKey. pynng: own_cert_string.
	OwnCert string
	// OwnKey is the private key of OwnCert. pynng: own_key_string.
	OwnKey string
	// CertKeyFile is a file with certificate and key, to take the place of OwnCert and
	// OwnKey. When the file changes, new connections use its new contents. While they
	// cannot be used, connections use the contents before, and [slog.Default] gets a
	// warning. Replace the file by renaming another, so that it is never read half
	// written. pynng: cert_key_file.
	CertKeyFile string
	// Password decrypts the private key, if that is encrypted. pynng: passwd.
	Password string
	// AuthMode says whether the peer has to prove who it is. Default: AuthRequired for a
	// client, AuthNone for a server. pynng: auth_mode.
	AuthMode TLSAuthMode
}

// Build makes the configuration for [WithTLS]. It allows TLS 1.2 and later. ErrInvalid: fields
// contradict each other. ErrCrypto: a certificate or key cannot be used. ErrNoEntry,
// ErrPermission or, for a directory, ErrInvalid: a file cannot be read. Build does not ask for
// a certificate: a listener that has none fails when it listens.
func (c TLSConfig) Build() (*tls.Config, error) {
	config, err := c.build()
	if err != nil {
		// An error that is not about a file is about a key or certificate.
		return nil, fmt.Errorf("gonng: TLSConfig: %w", classifyOr(err, ErrCrypto))
	}
	return config, nil
}

// build makes the configuration. Its errors do not have a kind yet.
func (c *TLSConfig) build() (*tls.Config, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if err := c.setCA(config); err != nil {
		return nil, err
	}
	c.setAuth(config)
	return config, c.setOwn(config)
}

// check returns ErrInvalid when fields are missing or contradict each other.
func (c *TLSConfig) check() error {
	own := c.OwnCert != "" || c.OwnKey != ""
	switch {
	case c.Mode != TLSClient && c.Mode != TLSServer:
		return errorf(ErrInvalid, "Mode is %v, want TLSClient or TLSServer", c.Mode)
	case c.AuthMode < 0 || c.AuthMode > AuthRequired:
		return errorf(ErrInvalid, "AuthMode is %v, want AuthNone, AuthOptional or AuthRequired", c.AuthMode)
	case c.CA != "" && len(c.CAFiles) > 0:
		return errorf(ErrInvalid, "CA and CAFiles are both given, want one of them")
	case c.CertKeyFile != "" && own:
		return errorf(ErrInvalid, "CertKeyFile and OwnCert or OwnKey are both given, want the file or the strings")
	case own && c.OwnKey == "":
		return errorf(ErrInvalid, "OwnCert is given without OwnKey")
	case own && c.OwnCert == "":
		return errorf(ErrInvalid, "OwnKey is given without OwnCert")
	case c.Password != "" && !own && c.CertKeyFile == "":
		return errorf(ErrInvalid, "Password is given without a key, which is in OwnKey or CertKeyFile")
	case c.Mode == TLSServer && c.AuthMode == AuthRequired && c.CA == "" && len(c.CAFiles) == 0:
		return errorf(ErrInvalid, "AuthRequired on a TLSServer needs CA or CAFiles: whose certificates clients must have")
	}
	return nil
}

// setCA sets the certificates to trust.
func (c *TLSConfig) setCA(config *tls.Config) error {
	if c.CA == "" && len(c.CAFiles) == 0 {
		return nil
	}
	pool := x509.NewCertPool()
	if c.CA != "" {
		if err := keyfile.AddCA(pool, []byte(c.CA)); err != nil {
			return fmt.Errorf("CA: %w", err)
		}
	}
	for _, path := range c.CAFiles {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("CAFiles: %w", err)
		}
		if err := keyfile.AddCA(pool, text); err != nil {
			return fmt.Errorf("CAFiles: %s: %w", path, err)
		}
	}
	if c.Mode == TLSServer {
		config.ClientCAs = pool
	} else {
		config.RootCAs = pool
	}
	return nil
}

// setAuth sets whether the peer has to prove who it is.
func (c *TLSConfig) setAuth(config *tls.Config) {
	switch {
	case c.Mode == TLSClient:
		config.InsecureSkipVerify = c.AuthMode == AuthNone || c.AuthMode == AuthOptional
	case c.AuthMode == AuthOptional:
		config.ClientAuth = tls.RequestClientCert
	case c.AuthMode == AuthRequired:
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
}

// setOwn sets the certificate of this side.
func (c *TLSConfig) setOwn(config *tls.Config) error {
	var current func() *tls.Certificate
	switch {
	case c.CertKeyFile != "":
		file, err := keyfile.Open(c.CertKeyFile, c.Password)
		if err != nil {
			return fmt.Errorf("CertKeyFile: %w", err)
		}
		current = file.Current
	case c.OwnCert != "":
		cert, err := keyfile.Pair([]byte(c.OwnCert), []byte(c.OwnKey), c.Password)
		if err != nil {
			return fmt.Errorf("OwnCert and OwnKey: %w", err)
		}
		current = func() *tls.Certificate { return &cert }
	default:
		return nil
	}
	if c.Mode == TLSServer {
		config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current(), nil }
		return nil
	}
	// With config.Certificates, crypto/tls would send none to a server that does not name
	// the CA, and the server would complain that there was none.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return current(), nil }
	return nil
}
