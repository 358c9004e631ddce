// The loops of audience.go.
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "loops.h"

enum { patience = 2000000000 }; // nanoseconds; see audience.go

struct figures publish(struct part *p) {
	const struct job *j = p->job;
	unsigned char *body = new_body(j->size);
	int64_t start = now();
	for (uint64_t n = 1;; n++) {
		put_number(body, n);
		end_send(p->end, body, j->size);
		if (j->per_second > 0) {
			int64_t wait = start + (int64_t)n * 1000000000 / j->per_second - now();
			if (wait > 0)
				sleep_for(wait);
		}
	}
}

// A seat is where one subscriber counts. It has a cache line of its own.
struct seat {
	struct end *end;
	const struct job *job;
	_Atomic uint64_t received, number;
	uint64_t seen; // at the last glance
	int64_t since; // when that began
	char apart[64];
};

static void *listen_on(void *arg) {
	struct seat *s = arg;
	for (;;) {
		size_t size;
		const unsigned char *body = end_recv(s->end, &size);
		check_size(s->job, size);
		atomic_store_explicit(&s->number, get_number(body), memory_order_relaxed);
		atomic_fetch_add_explicit(&s->received, 1, memory_order_relaxed);
	}
	return NULL; // never, but the type of a thread wants it
}

// watch looks at all seats again and again, and returns the longest time in
// which one of them got nothing.
static int64_t watch(struct seat *seats, int n, int64_t nanoseconds) {
	int64_t silence = 0, start = now(), t = start;
	for (int i = 0; i < n; i++)
		seats[i].since = start;
	while (t - start < nanoseconds) {
		int64_t left = start + nanoseconds - t;
		sleep_for(left < 10000000 ? left : 10000000);
		t = now();
		for (int i = 0; i < n; i++) {
			if (t - seats[i].since > silence)
				silence = t - seats[i].since;
			uint64_t received = atomic_load(&seats[i].received);
			if (received != seats[i].seen) {
				seats[i].seen = received;
				seats[i].since = t;
			}
		}
	}
	return silence;
}

static uint64_t received(struct seat *seats, int n) {
	uint64_t sum = 0;
	for (int i = 0; i < n; i++)
		sum += atomic_load(&seats[i].received);
	return sum;
}

struct figures audience(struct part *p) {
	int n = p->job->n;
	struct seat *seats = calloc((size_t)n, sizeof *seats);
	uint64_t *before = calloc((size_t)n, sizeof *before), *number = calloc((size_t)n, sizeof *number);
	for (int i = 0; i < n; i++) {
		seats[i].job = p->job;
		seats[i].end = end_open(p->job, "sub", p->url);
	}
	for (int i = 0; i < n; i++)
		thread(listen_on, &seats[i]);
	int64_t opened = now();
	for (int i = 0; i < n; i++)
		while (atomic_load(&seats[i].received) == 0 && now() - opened < patience)
			sleep_for(1000000);
	watch(seats, n, p->job->warmup);
	for (int i = 0; i < n; i++) {
		before[i] = atomic_load(&seats[i].received);
		number[i] = atomic_load(&seats[i].number);
	}
	uint64_t all = received(seats, n);
	begin();
	int64_t start = now();
	int64_t silence = watch(seats, n, p->job->duration);
	while (received(seats, n) == all) // the machine does something else
		watch(seats, n, 10000000);
	double elapsed = (double)(now() - start) / 1e9;
	struct figures f = {.ends = n, .silence = (double)silence / 1e6};
	for (int i = 0; i < n; i++) {
		double got = (double)(atomic_load(&seats[i].received) - before[i]);
		f.sent += (double)(atomic_load(&seats[i].number) - number[i]);
		f.messages += got;
		if (i == 0 || got < f.slowest)
			f.slowest = got;
	}
	over();
	f.rate = f.messages / elapsed;
	return f;
}
