// Package browsertest tests the page of package monitor in Chromium. It is a module of its
// own, so that gonng does not depend on what drives a browser.
package browsertest
