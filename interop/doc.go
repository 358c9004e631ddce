// Package interop tests gonng against other implementations of the Scalability
// Protocols. It has tests only, and is a module of its own because what it
// needs nothing else does: nng's nngcat (Debian: nng-utils), nanomsg's nanocat
// (nanomsg-utils), libnng (libnng-dev) with a C compiler, and Chromium.
//
// Without them the tests are skipped, and fail where the environment has
// CI=true.
package interop
