// The loops of measure.go and load.go.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loops.h"

unsigned char *new_body(size_t size) {
	unsigned char *b = malloc(size);
	memset(b, 'x', size);
	return b;
}

void put_number(unsigned char *b, uint64_t n) {
	for (int i = 7; i >= 0; i--, n >>= 8)
		b[i] = (unsigned char)n;
}

uint64_t get_number(const unsigned char *b) {
	uint64_t n = 0;
	for (int i = 0; i < 8; i++)
		n = n << 8 | b[i];
	return n;
}

void check_size(const struct job *j, size_t size) {
	if (size != j->size)
		die("receive", "got a message of another size");
}

static const unsigned char *recv_sized(struct part *p) {
	size_t size;
	const unsigned char *b = end_recv(p->end, &size);
	check_size(p->job, size);
	return b;
}

enum { number_size = 8 }; // a smaller message has no number

struct figures flood(struct part *p) {
	unsigned char *body = new_body(p->job->size);
	for (uint64_t n = 1;; n++) {
		if (p->job->size >= number_size)
			put_number(body, n);
		end_send(p->end, body, p->job->size);
	}
}

struct figures echo(struct part *p) {
	for (;;) {
		size_t size;
		const void *body = end_recv(p->end, &size);
		end_send(p->end, body, size);
	}
}

// drain_for receives until the time is over, and looks at the clock once in
// about 16 KiB, after at least the fewest messages.
static double drain_for(struct part *p, int64_t nanoseconds, size_t fewest, uint64_t *number, double *elapsed) {
	size_t size = p->job->size > 0 ? p->job->size : 1;
	size_t stride = size < 16384 ? 16384 / size : 1;
	if (stride < fewest)
		stride = fewest;
	double n = 0;
	int64_t start = now(), t = start;
	for (; t - start < nanoseconds; t = now()) {
		for (size_t i = 0; i < stride; i++) {
			const unsigned char *body = recv_sized(p);
			if (p->job->size >= number_size)
				*number = get_number(body);
		}
		n += (double)stride;
	}
	*elapsed = (double)(t - start) / 1e9;
	return n;
}

struct figures rate_of(struct part *p, double (*run)(struct part *, int64_t, double *)) {
	double elapsed;
	run(p, p->job->warmup, &elapsed);
	begin();
	double n = run(p, p->job->duration, &elapsed);
	over();
	return (struct figures){.messages = n, .rate = n / elapsed};
}

struct figures drain(struct part *p) {
	uint64_t number = 0;
	double elapsed;
	drain_for(p, p->job->warmup, 4, &number, &elapsed); // as in measure.go
	uint64_t first = number;
	begin();
	double n = drain_for(p, p->job->duration, 1, &number, &elapsed);
	over();
	return (struct figures){.messages = n, .sent = (double)(number - first), .rate = n / elapsed};
}

int by_value(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

double percentile(const int64_t *sorted, size_t n, size_t permille) {
	size_t rank = (n * permille + 999) / 1000;
	return (double)sorted[rank > 0 ? rank - 1 : 0] / 1e3;
}

enum { max_samples = 1 << 20 };

struct figures ping_pong(struct part *p) {
	unsigned char *body = new_body(p->job->size);
	for (int64_t start = now(); now() - start < p->job->warmup;) {
		end_send(p->end, body, p->job->size);
		recv_sized(p);
	}
	int64_t *samples = malloc(max_samples * sizeof *samples);
	size_t n = 0;
	begin();
	for (int64_t start = now(), last = start; last - start < p->job->duration && n < max_samples;) {
		end_send(p->end, body, p->job->size);
		recv_sized(p);
		int64_t t = now();
		samples[n++] = t - last;
		last = t;
	}
	over();
	qsort(samples, n, sizeof *samples, by_value);
	return (struct figures){.messages = (double)n,
	    .p50 = percentile(samples, n, 500),
	    .p99 = percentile(samples, n, 990),
	    .p999 = percentile(samples, n, 999)};
}
