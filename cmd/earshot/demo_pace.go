package main

import (
	"time"

	"earshot/cmd/earshot/story"
)

// pace is how fast the tale is told.
type pace struct {
	scale    float64       // seconds for a second of the tale
	total    time.Duration // of the whole demo; zero for until somebody stops it
	every    time.Duration // how often the feeds are asked
	patience time.Duration // how long a step waits for the alerts of the one before it
	settle   time.Duration // how long nothing more must be raised at the end
}

// tailOfDemo is the part of the time that remains for what comes in last.
const tailOfDemo = 0.35

// paceOf fits the tale into length. The end of the time is left for the last
// alerts to arrive and for unexpected ones to show themselves. Of no length is the
// tale as it is written, after which the daemon stays up until somebody stops it.
func paceOf(s *story.Story, length time.Duration) pace {
	p := pace{scale: 1, every: time.Second, patience: 10 * time.Second, settle: time.Second}
	if length == 0 {
		return p
	}
	tail := min(time.Duration(tailOfDemo*float64(length)), 5*time.Second)
	telling := length - tail
	p.total = length
	p.scale = telling.Seconds() / s.Length.Seconds()
	p.every = min(max(telling/100, 25*time.Millisecond), 250*time.Millisecond)
	p.patience = max(length/5, time.Second)
	return p
}

// at is when a step is due, counted from the beginning of the telling.
func (p pace) at(step story.Step) time.Duration { return time.Duration(p.scale * float64(step.At)) }
