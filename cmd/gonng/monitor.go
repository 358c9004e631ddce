package main

import "github.com/gonng/gonng/internal/tool"

// monitorOption is --monitor of the subcommands that have sockets.
func monitorOption(address *string) option {
	return option{name: "monitor", value: true, full: true, set: func(s string) (err error) {
		*address, err = tool.MonitorAddress(s)
		return err
	}}
}
