package gonng

import (
	"slices"
	"time"
)

// WithResendTime sets after how long an unanswered request is sent again, to another peer if
// there is one. Default one minute; 0: never, and then a request whose peer goes away fails
// with [ErrConnectionReset]. Negative: ErrInvalid. A context may have a value of its own. A
// raw Req0 does not send again: ErrNotSupported. nng: NNG_OPT_REQ_RESENDTIME; pynng:
// resend_time.
func WithResendTime(d time.Duration) ReqOption {
	return reqOption{setting: &setting{
		name:       "WithResendTime",
		err:        notNegative("WithResendTime", d),
		change:     func(c *Config) { c.ResendTime = d },
		protocols:  []Protocol{ProtocolReq0},
		whyNot:     "which asks nothing",
		cookedOnly: true,
		contexts:   []Protocol{ProtocolReq0},
	}}
}

// WithSurveyTime sets how long a survey lasts. Default 1 s; 0: it is over at once. Negative:
// ErrInvalid. A context may have a value of its own. A raw Surveyor0 does not end surveys:
// ErrNotSupported. nng: NNG_OPT_SURVEYOR_SURVEYTIME; pynng: survey_time.
func WithSurveyTime(d time.Duration) SurveyorOption {
	return surveyorOption{setting: &setting{
		name:       "WithSurveyTime",
		err:        notNegative("WithSurveyTime", d),
		change:     func(c *Config) { c.SurveyTime = d },
		protocols:  []Protocol{ProtocolSurveyor0},
		whyNot:     "which makes no surveys",
		cookedOnly: true,
		contexts:   []Protocol{ProtocolSurveyor0},
	}}
}

// WithTopics subscribes to topics, as [Sub0.Subscribe] does. The topic "" matches all
// messages; a Sub0 without a topic receives nothing. Given several times it subscribes to all
// of them. A raw Sub0 receives every message: ErrNotSupported. nng: NNG_OPT_SUB_SUBSCRIBE;
// pynng: the keyword argument topics.
func WithTopics(topics ...string) SubOption {
	return subOption{setting: &setting{
		name:       "WithTopics",
		topics:     slices.Clone(topics),
		protocols:  []Protocol{ProtocolSub0},
		whyNot:     "which does not subscribe",
		cookedOnly: true,
		contexts:   []Protocol{ProtocolSub0},
	}}
}

// WithPreferNew says which message a Sub0 drops when its queue is full: with true, the
// default, the oldest in the queue; with false, the one that has just come. A context may
// have a value of its own. nng: NNG_OPT_SUB_PREFNEW.
func WithPreferNew(on bool) SubOption {
	return subOption{setting: &setting{
		name:      "WithPreferNew",
		change:    func(c *Config) { c.PreferNew = on },
		protocols: []Protocol{ProtocolSub0},
		whyNot:    "which does not subscribe",
		contexts:  []Protocol{ProtocolSub0},
	}}
}

// WithPolyamorous lets a Pair1 have many peers. It sends a message to the message's
// [Message.Pipe], or to any peer when the message has none. Default: one peer. On a raw
// socket of another protocol: ErrNotSupported. nng: NNG_OPT_PAIR1_POLY; pynng: polyamorous.
func WithPolyamorous() Pair1Option {
	return pair1Option{setting: &setting{
		name:      "WithPolyamorous",
		change:    func(c *Config) { c.Polyamorous = true },
		protocols: []Protocol{ProtocolPair1},
		whyNot:    "which is no pair1",
	}}
}
