package msg

import (
	"syscall"
	"unsafe"
)

// largePage is the size of a large page of memory on most machines.
const largePage = 2 << 20

// preferLargePages asks the kernel to back b with large pages. The first use of a page is a
// fault, and with pages of 4 KiB that takes several times as long as to receive what fills
// them, on a virtual machine a hundred times.
func preferLargePages(b []byte) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	skip := int(-at & (largePage - 1))
	if whole := (len(b) - skip) &^ (largePage - 1); whole > 0 {
		_ = syscall.Madvise(b[skip:skip+whole], syscall.MADV_HUGEPAGE) // a kernel may not have them
	}
}
