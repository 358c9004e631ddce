package spjs_test

import (
	"crypto/sha1"
	"encoding/base64"
)

// acceptKey is what a WebSocket server answers to the key of a client.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
