package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestMissingLibrary leaves out what cannot be compiled and says what to
// install.
func TestMissingLibrary(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("no C compiler")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	absent := &cLibrary{source: "nng.c", name: "no-such-library", header: "nng/nng.h", debian: "libabsent-dev"}
	p := plan{contestants: []contestant{gonngContestant{}, cContestant{"absent", absent, nil}}}
	kept, err := p.withoutMissing()
	if err == nil || !strings.Contains(err.Error(), "absent: ") || !strings.Contains(err.Error(), "apt-get install libabsent-dev") {
		t.Errorf("error %v, want the contestant and its package", err)
	}
	if len(kept.contestants) != 1 || kept.contestants[0].Name() != subject {
		t.Errorf("kept %v, want gonng alone", kept.contestants)
	}
}
