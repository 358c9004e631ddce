package main

import (
	"errors"
	"fmt"
	"strings"
)

// option is one option of a subcommand: a long name, perhaps a letter, and
// what it does with its value, or with "" if it takes none.
type option struct {
	name  string
	short byte
	value bool
	full  bool // it may not be cut short: cat's users cut nngcat's options short
	set   func(value string) error
}

// What stops the parsing without being wrong.
var (
	errHelp    = errors.New("help wanted")
	errVersion = errors.New("version wanted")
)

// parseOptions does what each option of args says, in their order, up to the
// first argument that is no option, and returns what is left.
//
// The rules are nngcat's, which no options package has all together, spf13's
// pflag neither: a long name may be cut short as long as it is unambiguous; a
// value follows "=" or ":" or is the next argument; letters are not clustered,
// so that "-d1" is "-d 1"; "--" is not a separator, but every long option cut
// short to nothing, and so ambiguous; a single "-" ends the options.
func parseOptions(args []string, options []option) (rest []string, err error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		arg := args[0]
		args = args[1:]
		if arg == "-" {
			break
		}
		name, value, attached := splitOption(arg)
		o, err := findOption(arg, name, options)
		switch {
		case err != nil:
			return nil, err
		case attached && !o.value:
			return nil, fmt.Errorf("option %s: %s takes no value", arg, name)
		case !attached && o.value && len(args) == 0:
			return nil, fmt.Errorf("option %s requires a value", arg)
		case !attached && o.value:
			value, args = args[0], args[1:]
		}
		if err := o.set(value); err != nil {
			if errors.Is(err, errHelp) || errors.Is(err, errVersion) {
				return nil, err
			}
			return nil, fmt.Errorf("option %s: %w", name, err)
		}
	}
	return args, nil
}

// splitOption takes the value off an option that has it attached. The name
// keeps its dashes.
func splitOption(arg string) (name, value string, attached bool) {
	if !strings.HasPrefix(arg, "--") {
		return arg[:2], arg[2:], len(arg) > 2
	}
	if i := strings.IndexAny(arg, "=:"); i >= 0 {
		return arg[:i], arg[i+1:], true
	}
	return arg, "", false
}

func findOption(arg, name string, options []option) (*option, error) {
	var found []*option
	for i := range options {
		o := &options[i]
		switch long, ok := strings.CutPrefix(name, "--"); {
		case ok && o.name == long, !ok && o.short != 0 && o.short == name[1]:
			return o, nil
		case ok && !o.full && strings.HasPrefix(o.name, long):
			found = append(found, o)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		var names []string
		for _, o := range options {
			names = append(names, "--"+o.name)
		}
		if guess := closest(name, names); guess != "" && strings.HasPrefix(name, "--") {
			return nil, fmt.Errorf("there is no option %s: did you mean %s?", arg, guess)
		}
		return nil, fmt.Errorf("there is no option %s; --help lists them", arg)
	}
	names := make([]string, 0, len(found))
	for _, o := range found {
		names = append(names, "--"+o.name)
	}
	return nil, fmt.Errorf("option %s is ambiguous: it could be %s", arg, strings.Join(names, " "))
}
