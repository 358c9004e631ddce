//go:build !linux

package main

import (
	"errors"
	"os/exec"
)

const canPin = false

func startPinned(*exec.Cmd, int) error { return errors.ErrUnsupported }
