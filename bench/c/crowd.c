// The loops of crowd.go and topics.go.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loops.h"

struct figures sink(struct part *p) {
	for (;;) {
		size_t size;
		end_recv(p->end, &size);
	}
}

static void *drain_forever(void *arg) {
	for (;;) {
		size_t size;
		end_recv(arg, &size);
	}
	return NULL; // never, but the type of a thread wants it
}

struct figures stalled(struct part *p) {
	end_stall(p->job, p->url);
	for (;;)
		pause();
}

// fill sends until there has been no room for a while.
static void fill(struct end *e, size_t size) {
	unsigned char *body = new_body(size);
	for (int refused = 0; refused < 20; refused++) {
		while (end_try_send(e, body, size))
			refused = 0;
		sleep_for(5000000);
	}
	free(body);
}

static double send_for(struct part *p, int64_t nanoseconds, double *elapsed) {
	unsigned char *body = new_body(p->job->size);
	double n = 0;
	int64_t start = now(), t = start;
	for (; t - start < nanoseconds; t = now())
		for (int i = 0; i < 256; i++, n++)
			end_send(p->end, body, p->job->size);
	*elapsed = (double)(t - start);
	free(body);
	return n;
}

struct figures deal(struct part *p) {
	end_wait(p->end, p->job->peers, false);
	const size_t sizes[] = {16 << 10, 1 << 10, p->job->size};
	for (int i = counts_messages ? 2 : 0; i < 3; i++)
		fill(p->end, sizes[i]);
	thread(drain_forever, end_open(p->job, "lively", end_url(p->end)));
	double elapsed;
	send_for(p, p->job->warmup, &elapsed);
	begin();
	double n = send_for(p, p->job->duration, &elapsed);
	over();
	return (struct figures){.messages = n, .send = elapsed / n};
}

void put_topic(unsigned char *out, int i) {
	for (int at = topic_digits - 1; at >= 0; at--, i /= 10)
		out[at] = (unsigned char)('0' + i % 10);
}

size_t topic(const struct job *j, int i, char *out) {
	size_t length = topic_digits + (size_t)(i % j->lengths);
	memset(out, 'x', length);
	put_topic((unsigned char *)out, i);
	return length;
}

struct figures announce(struct part *p) {
	unsigned char *body = new_body(p->job->size);
	for (int i = 0;; i = (i + 7919) % p->job->n) {
		put_topic(body, i);
		end_send(p->end, body, p->job->size);
	}
}

static double receive_for(struct part *p, int64_t nanoseconds, double *elapsed) {
	double n = 0;
	int64_t start = now(), t = start;
	for (; t - start < nanoseconds; t = now())
		for (int i = 0; i < 16; i++, n++) {
			size_t size;
			end_recv(p->end, &size);
			check_size(p->job, size);
		}
	*elapsed = (double)(t - start) / 1e9;
	return n;
}

struct figures topics(struct part *p) { return rate_of(p, receive_for); }

static void ask(struct part *p) {
	static unsigned char body[4096];
	end_send(p->end, body, p->job->size);
	for (int i = 0; i < p->job->n; i++) {
		size_t size;
		end_recv(p->end, &size);
		check_size(p->job, size);
	}
}

struct figures survey(struct part *p) {
	enum { most = 1 << 16 };
	int64_t *samples = malloc(most * sizeof *samples);
	size_t n = 0;
	end_wait(p->end, p->job->peers, false);
	for (int64_t start = now(); now() - start < p->job->warmup;)
		ask(p);
	begin();
	for (int64_t start = now(), t = start; t - start < p->job->duration && n < most;) {
		ask(p);
		int64_t last = t;
		t = now();
		samples[n++] = t - last;
	}
	over();
	qsort(samples, n, sizeof *samples, by_value);
	double median = percentile(samples, n, 500);
	return (struct figures){
	    .messages = (double)n * p->job->n, .p50 = median / p->job->n, .whole = median / 1e3};
}

struct figures door(struct part *p) {
	int n = p->job->n;
	int64_t times[4];
	begin();
	for (int i = 0; i < 4; i++) {
		end_wait(p->end, i % 2 == 0 ? 1 : n, i >= 2);
		times[i] = now();
	}
	over();
	return (struct figures){.messages = n,
	    .come = (double)(times[1] - times[0]) / 1e3 / n,
	    .leave = (double)(times[3] - times[2]) / 1e3 / n};
}
