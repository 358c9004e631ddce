#include "peer.h"

// A part is one role at work.
struct part {
	const struct job *job;
	const char *role, *url;
	struct end *end;
};

// figures of several parts add up.
struct figures {
	double messages, sent, rate;
	double p50, p99, p999;
	double resident;
};

struct figures drain(struct part *);
struct figures flood(struct part *);
struct figures echo(struct part *);
struct figures ping_pong(struct part *);
struct figures serve(struct part *);
struct figures requests(struct part *);
struct figures connect_again(struct part *);
struct figures hold(struct part *);
struct figures make_crowd(struct part *);

// begin and over tell the parent when the time is taken.
void begin(void);
void over(void);
// report prints the sum of the figures after the last of those that were
// expected.
void expect_report(void);
void report(struct figures);

// note_memory takes what hold subtracts.
void note_memory(void);
double resident(void);

int64_t now(void); // nanoseconds
