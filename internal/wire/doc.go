// Package wire encodes and decodes what the Scalability Protocols put on the
// wire around a message: the handshake, the length in front of each message
// and the protocol headers.
//
// It knows bytes and nothing else: no connections, no sockets, no policy. The
// encoders append to the caller's slice; the decoders read the caller's bytes,
// keep none of them and allocate only to make an error. Every function is safe
// for concurrent use.
//
// Error texts have no prefix: who reports them to a user puts the package name
// and the peer in front.
package wire
