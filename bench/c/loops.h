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
	double ends, slowest, silence; // of an audience
	double send, whole, come, leave;
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
struct figures sink(struct part *);
struct figures audience(struct part *);
struct figures publish(struct part *);
struct figures deal(struct part *);
struct figures stalled(struct part *);
struct figures announce(struct part *);
struct figures topics(struct part *);
struct figures crew(struct part *);
struct figures survey(struct part *);
struct figures door(struct part *);

unsigned char *new_body(size_t size);
void put_number(unsigned char *, uint64_t);
uint64_t get_number(const unsigned char *);
// percentile is by nearest rank, in microseconds; in tenths of a per cent.
double percentile(const int64_t *sorted, size_t n, size_t permille);
int by_value(const void *, const void *);
void sleep_for(int64_t nanoseconds);

// begin and over tell the parent when the time is taken.
void begin(void);
void over(void);
// rate_of is how many a second run does, once it has warmed up. run does what it counts for
// that many nanoseconds; it tells how many seconds it has taken.
struct figures rate_of(struct part *, double (*run)(struct part *, int64_t, double *));
// report prints the sum of the figures after the last of those that were
// expected.
void expect_report(void);
void report(struct figures);

// note_memory takes what hold subtracts.
void note_memory(void);
double resident(void);

int64_t now(void); // nanoseconds
