// What peer.c, which plays the roles, wants of a library. Every function ends
// the process when something fails.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job {
	const char *contestant;
	const char *url;   // of the process
	const char *certs; // directory of peer.pem
	size_t size;
	int64_t warmup, duration; // nanoseconds
	int n; // how many ends, requests, workers or topics a role has
	int peers; // how many it waits for
	int per_second, lengths;
	int connections;
	int messages; // how many of them deliver one, the last ones
};

const char *library_version(void);

// An end is one side of a conversation. One thread uses it.
struct end;

bool listens(const char *role);
// end_open listens if the role does, else dials; it may not wait for the
// other side.
struct end *end_open(const struct job *, const char *role, const char *url);
// end_url is where the other side can dial.
const char *end_url(struct end *);
void end_send(struct end *, const void *body, size_t size);
// end_recv returns a message that is good until the next one.
const void *end_recv(struct end *, size_t *size);
void end_close(struct end *);
// end_try_send reports whether there was room.
bool end_try_send(struct end *, const void *body, size_t size);
// end_wait waits until n peers have come, or with gone, have also left.
void end_wait(struct end *, int n, bool gone);
// counts_messages is whether its queues are bounded by their number.
extern const bool counts_messages;
// end_stall connects n times and receives nothing.
void end_stall(const struct job *, const char *url);

// end_requests keeps that many requests under way for ever, and calls
// answered with the size of each answer.
void end_requests(struct end *, const struct job *, int concurrent);
void answered(const struct job *, size_t size);
// end_serve answers that many requests at once, for ever.
void end_serve(struct end *, int concurrent);
// crowd makes the connections and sends the messages.
void crowd(const struct job *, const char *url);

enum { topic_digits = 8 };
// topic writes the ith topic and returns its length; see topics.go.
size_t topic(const struct job *, int i, char *out);
void put_topic(unsigned char *out, int i);

// check_size keeps a library that delivers something else out of the table.
void check_size(const struct job *, size_t size);
void die(const char *what, const char *why) __attribute__((noreturn));
void thread(void *(*run)(void *), void *arg);
