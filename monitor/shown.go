package monitor

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/metrics"
)

// shownError is the text of an error about a URL, which it may name.
func shownError(err error, raw string) string {
	if op, ok := err.(*gonng.OpError); ok {
		err = op.Err // what is shown beside it says where
	}
	text := strings.ToValidUTF8(err.Error(), "\ufffd")
	if raw != "" {
		text = strings.ReplaceAll(text, raw, metrics.URL(raw))
	}
	return strings.TrimPrefix(text, "gonng: ")
}

// options are the values of the options that differ from the default. Of a TLS
// configuration, a header or a function it says only that there is one.
func options(p gonng.Protocol, cfg gonng.Config) map[string]string {
	usual := reflect.ValueOf(gonng.DefaultConfig(p))
	own := reflect.ValueOf(cfg)
	shown := make(map[string]string)
	for i := range own.NumField() {
		name, value := own.Type().Field(i).Name, own.Field(i)
		switch {
		case name == "Name" || name == "Logger":
		case name == "HTTPHeader":
			if len(cfg.HTTPHeader) > 0 {
				shown[name] = "fields " + strings.Join(slices.Sorted(maps.Keys(cfg.HTTPHeader)), ", ")
			}
		case value.Kind() == reflect.Func || value.Kind() == reflect.Pointer:
			if !value.IsNil() {
				shown[name] = "set"
			}
		case !reflect.DeepEqual(value.Interface(), usual.Field(i).Interface()):
			shown[name] = fmt.Sprint(value.Interface())
		}
	}
	return shown
}
