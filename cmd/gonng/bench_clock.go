package main

import "time"

// instant is a moment of this process.
type instant struct {
	wall time.Time
	cpu  time.Duration // used so far
}

// elapsed is what lies between two.
type elapsed struct{ wall, cpu time.Duration }

func now() instant { return instant{time.Now(), cpuTime()} }

// until measures from i to end, which has just been.
func (i instant) until(end time.Time) elapsed {
	return elapsed{max(end.Sub(i.wall), 1), cpuTime() - i.cpu}
}
