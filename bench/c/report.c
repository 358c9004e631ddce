// What a process tells its parent, and how it measures itself.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "loops.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int expected;
static struct figures total;

static void say_once(atomic_flag *said, const char *line) {
	if (!atomic_flag_test_and_set(said)) {
		puts(line);
		fflush(stdout);
	}
}

void begin(void) {
	static atomic_flag said = ATOMIC_FLAG_INIT;
	say_once(&said, "begin now");
}

void over(void) {
	static atomic_flag said = ATOMIC_FLAG_INIT;
	say_once(&said, "over now");
}

void expect_report(void) { expected++; }

static void print_figures(void) {
	printf("result {\"messages\":%.17g,\"rate\":%.17g", total.messages, total.rate);
	const struct {
		const char *name;
		double value;
	} others[] = {
		{"sent", total.sent}, {"ends", total.ends}, {"silence", total.silence}, {"send", total.send},
		{"whole", total.whole}, {"come", total.come}, {"leave", total.leave}, {"resident", total.resident},
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i].value > 0)
			printf(",\"%s\":%.17g", others[i].name, others[i].value);
	if (total.ends > 0)
		printf(",\"slowest\":%.17g", total.slowest);
	if (total.p50 > 0)
		printf(",\"p50\":%.17g,\"p99\":%.17g,\"p999\":%.17g", total.p50, total.p99, total.p999);
	puts("}");
	fflush(stdout);
}

void report(struct figures f) {
	pthread_mutex_lock(&lock);
	total.messages += f.messages;
	total.sent += f.sent;
	total.rate += f.rate;
	total.p50 += f.p50;
	total.p99 += f.p99;
	total.p999 += f.p999;
	total.resident += f.resident;
	total.ends += f.ends; // an audience is alone in its process, as all the following
	total.slowest += f.slowest;
	total.silence += f.silence;
	total.send += f.send;
	total.whole += f.whole;
	total.come += f.come;
	total.leave += f.leave;
	if (--expected == 0)
		print_figures();
	pthread_mutex_unlock(&lock);
}

static double baseline;

void note_memory(void) { baseline = resident(); }

double resident(void) {
	long size, pages;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f == NULL || fscanf(f, "%ld %ld", &size, &pages) != 2)
		die("memory", "not told by this system");
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) - baseline;
}

int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
