// Package systems tests that gonng builds for the systems that it is not tested on.
package systems
