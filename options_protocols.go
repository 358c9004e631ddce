package gonng

import (
	"slices"
	"time"
)

// WithResendTime is after how long an unanswered request is sent again,
// perhaps to another peer. Default one minute; 0: never, and then a request
// whose peer goes away fails with [ErrConnectionReset]. Negative: ErrInvalid. A
// context may have its own. A raw Req0 does not send again: ErrNotSupported. nng:
// NNG_OPT_REQ_RESENDTIME; pynng: resend_time.
func WithResendTime(d time.Duration) ReqOption {
	return reqOption{setting: &setting{
		name:      "WithResendTime",
		err:       notNegative("WithResendTime", d),
		change:    func(c *Config) { c.ResendTime = d },
		protocols: []Protocol{ProtocolReq0},
		lacking:   "which asks nothing",
		cooked:    true,
		contexts:  []Protocol{ProtocolReq0},
	}}
}

// WithSurveyTime is how long a survey lasts. Default 1 s; 0: it is over at once.
// Negative: ErrInvalid. A context may have its own. A raw Surveyor0 does not end
// surveys: ErrNotSupported. nng: NNG_OPT_SURVEYOR_SURVEYTIME; pynng: survey_time.
func WithSurveyTime(d time.Duration) SurveyorOption {
	return surveyorOption{setting: &setting{
		name:      "WithSurveyTime",
		err:       notNegative("WithSurveyTime", d),
		change:    func(c *Config) { c.SurveyTime = d },
		protocols: []Protocol{ProtocolSurveyor0},
		lacking:   "which makes no surveys",
		cooked:    true,
		contexts:  []Protocol{ProtocolSurveyor0},
	}}
}

// WithTopics subscribes to topics, as [Sub0.Subscribe] does: to "" for all
// messages, to none for none. Given several times it subscribes to all of them. A
// raw Sub0 receives everything: ErrNotSupported. pynng: the keyword argument
// topics.
func WithTopics(topics ...string) SubOption {
	return subOption{setting: &setting{
		name:      "WithTopics",
		topics:    slices.Clone(topics),
		protocols: []Protocol{ProtocolSub0},
		lacking:   "which does not subscribe",
		cooked:    true,
		contexts:  []Protocol{ProtocolSub0},
	}}
}

// WithPreferNew says what a subscriber's full queue drops: the oldest message,
// the default, or with false the newest. A context may have its own. nng:
// NNG_OPT_SUB_PREFNEW.
func WithPreferNew(on bool) SubOption {
	return subOption{setting: &setting{
		name:      "WithPreferNew",
		change:    func(c *Config) { c.PreferNew = on },
		protocols: []Protocol{ProtocolSub0},
		lacking:   "which does not subscribe",
		contexts:  []Protocol{ProtocolSub0},
	}}
}

// WithPolyamorous lets a Pair1 have many peers: a message goes to its
// [Message.Pipe], or to any peer if it has none. Default: one peer. On a raw
// socket of another protocol: ErrNotSupported. nng: NNG_OPT_PAIR1_POLY; pynng:
// polyamorous.
func WithPolyamorous() Pair1Option {
	return pair1Option{setting: &setting{
		name:      "WithPolyamorous",
		change:    func(c *Config) { c.Polyamorous = true },
		protocols: []Protocol{ProtocolPair1},
		lacking:   "which is no pair1",
	}}
}
