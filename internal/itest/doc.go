// Package itest tests gonng from outside, by topic: it uses what a program can
// use, and package gonngtest.
package itest
