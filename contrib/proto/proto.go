// Package protogonng has the codec of package rpc for protobuf:
//
//	s := rpc.NewServer(rpc.WithCodec(protogonng.Codec{}))
//	rpc.Handle(s, "greet", func(ctx context.Context, in *pb.Greeting) (*pb.Answer, error) { … })
//
//	c := rpc.NewClient(req, rpc.WithCodec(protogonng.Codec{}))
//	out, err := rpc.Call[*pb.Answer](ctx, c, "greet", &pb.Greeting{Name: "Ann"})
//
// Arguments and results are pointers to generated messages. The name of the package differs
// from its directory's, so that it does not collide with that of google.golang.org/protobuf/proto.
package protogonng

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// Codec encodes protobuf messages in their binary form. What is no message is an error.
type Codec struct{}

// Marshal encodes v, a [proto.Message]. One that is nil is an empty message.
func (c Codec) Marshal(v any) ([]byte, error) { return c.MarshalAppend(nil, v) }

// MarshalAppend appends to b what Marshal returns.
func (Codec) MarshalAppend(b []byte, v any) ([]byte, error) {
	m, ok := v.(proto.Message)
	if !ok {
		return nil, noMessage(v)
	}
	return proto.MarshalOptions{}.MarshalAppend(b, m)
}

// Unmarshal decodes into v: a pointer to a [proto.Message] that is nil, which it makes.
func (Codec) Unmarshal(data []byte, v any) error {
	p := reflect.ValueOf(v).Elem()
	if p.Kind() != reflect.Pointer {
		return noMessage(p.Interface())
	}
	made := reflect.New(p.Type().Elem())
	m, ok := made.Interface().(proto.Message)
	if !ok {
		return noMessage(p.Interface())
	}
	if err := proto.Unmarshal(data, m); err != nil {
		return err
	}
	p.Set(made)
	return nil
}

func noMessage(v any) error {
	return fmt.Errorf("a %T is no protobuf message: arguments and results are pointers to generated ones", v)
}
