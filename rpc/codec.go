package rpc

import (
	"encoding/json"
	"sync"
)

// Codec makes bytes of arguments and results, and back. Both methods are called from any
// number of goroutines. protobuf is in module github.com/gonng/gonng/contrib/proto.
//
// A Codec that also has MarshalAppend(b []byte, v any) ([]byte, error), which appends to
// b, saves a copy; Marshal is then not called.
type Codec interface {
	// Marshal makes bytes of v, an argument or a result as the program has passed it. The
	// bytes are read and then forgotten.
	Marshal(v any) ([]byte, error)
	// Unmarshal reads data into v, a pointer to the zero value of the type of the argument
	// or result. It must not keep data, nor change it.
	Unmarshal(data []byte, v any) error
}

type appender interface {
	MarshalAppend(b []byte, v any) ([]byte, error)
}

func marshalAppend(c Codec, b []byte, v any) ([]byte, error) {
	if a, ok := c.(appender); ok {
		return a.MarshalAppend(b, v)
	}
	data, err := c.Marshal(v)
	return append(b, data...), err
}

// JSON is the Codec of package encoding/json.
type JSON struct{}

// Marshal is [json.Marshal].
func (JSON) Marshal(v any) ([]byte, error) { return json.Marshal(v) }

// Unmarshal is [json.Unmarshal].
func (JSON) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

// MarshalAppend appends to b what Marshal returns, and allocates nothing else.
func (JSON) MarshalAppend(b []byte, v any) ([]byte, error) {
	a := jsonAppenders.Get().(*jsonAppender)
	defer jsonAppenders.Put(a)
	a.b = b
	err := a.Encode(v)
	b, a.b = a.b, nil
	if err != nil {
		return nil, err
	}
	return b[:len(b)-1], nil // without the newline of Encode
}

// jsonAppender appends to b.
type jsonAppender struct {
	*json.Encoder
	b []byte
}

func (a *jsonAppender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

var jsonAppenders = sync.Pool{New: func() any {
	a := new(jsonAppender)
	a.Encoder = json.NewEncoder(a)
	return a
}}
