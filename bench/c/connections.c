// The loops of requests.go, connect.go and idle.go.
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "loops.h"

void sleep_for(int64_t nanoseconds) { usleep((useconds_t)(nanoseconds / 1000)); }

static atomic_long answers;

void answered(const struct job *j, size_t size) {
	check_size(j, size);
	atomic_fetch_add_explicit(&answers, 1, memory_order_relaxed);
}

struct figures serve(struct part *p) {
	end_serve(p->end, p->job->n);
	return (struct figures){0};
}

enum { spare = 33 }; // see spareWorkers in crowd.go

struct figures crew(struct part *p) {
	end_serve(p->end, p->job->n + spare);
	return (struct figures){0};
}

// watch lets the time pass, and more of it until there is an answer.
static void watch(int64_t nanoseconds) {
	long first = atomic_load(&answers);
	for (sleep_for(nanoseconds); atomic_load(&answers) == first;)
		sleep_for(1000000);
}

struct figures requests(struct part *p) {
	end_requests(p->end, p->job, p->job->n);
	watch(p->job->warmup);
	begin();
	int64_t start = now();
	long first = atomic_load(&answers);
	watch(p->job->duration);
	double n = (double)(atomic_load(&answers) - first);
	double elapsed = (double)(now() - start) / 1e9;
	over();
	return (struct figures){.messages = n, .rate = n / elapsed};
}

static double connect_for(struct part *p, int64_t nanoseconds, double *elapsed) {
	static char body[4096];
	double n = 0;
	int64_t start = now(), t = start;
	for (; t - start < nanoseconds; t = now(), n++) {
		struct end *e = end_open(p->job, "req", p->url);
		size_t size;
		end_send(e, body, p->job->size);
		end_recv(e, &size);
		check_size(p->job, size);
		end_close(e);
	}
	*elapsed = (double)(t - start) / 1e9;
	return n;
}

struct figures connect_again(struct part *p) { return rate_of(p, connect_for); }

struct figures make_crowd(struct part *p) {
	crowd(p->job, p->url);
	for (;;)
		pause();
}

struct figures hold(struct part *p) {
	begin();
	for (int i = 0; i < p->job->messages; i++) {
		size_t size;
		end_recv(p->end, &size);
	}
	over();
	sleep_for(p->job->duration); // until they are idle
	double n = p->job->connections;
	return (struct figures){.messages = n, .resident = resident() / n};
}
