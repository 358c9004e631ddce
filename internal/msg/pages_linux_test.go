package msg

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// TestLargePages: the kernel is asked for large pages for a large buffer.
func TestLargePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no large pages:", err)
	}
	b := NewBuffer(largeBuffer)
	defer b.Release()
	flags := flagsOf(t, &b.Full()[len(b.Full())/2])
	if !strings.Contains(flags, " hg") {
		t.Errorf("the memory has the flags %q, want hg among them", flags)
	}
}

// flagsOf are the flags of the memory at p, as proc(5) has them.
func flagsOf(t *testing.T, p *byte) string {
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	at, inside := uint64(uintptr(unsafe.Pointer(p))), false
	for line := range strings.Lines(string(maps)) {
		first, rest, _ := strings.Cut(line, " ")
		if low, high, ok := strings.Cut(first, "-"); ok {
			from, _ := strconv.ParseUint(low, 16, 64)
			to, _ := strconv.ParseUint(high, 16, 64)
			inside = from <= at && at < to
		} else if inside && first == "VmFlags:" {
			return rest
		}
	}
	t.Fatal("the kernel does not list the memory of a buffer")
	return ""
}
