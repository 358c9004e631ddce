//go:build race

package gonng_test

const raceDetector = true
