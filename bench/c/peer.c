// A child process of the benchmark: the flags of job.go, the lines of peer.go,
// the roles of roles.go.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loops.h"

struct role {
	const char *name;
	bool listens, measures;
	struct figures (*loop)(struct part *);
};

static const struct role roles[] = {
	{"pull", true, true, drain},
	{"push", false, false, flood},
	{"rep", true, false, echo},
	{"req", false, true, ping_pong},
	{"pub", true, false, flood},
	{"sub", false, true, drain},
	{"serve", true, false, serve},
	{"requests", false, true, requests},
	{"greet", true, false, echo},
	{"connect", false, true, connect_again},
	{"hold", true, true, hold},
	{"crowd", false, false, make_crowd},
	{"publish", true, false, publish},
	{"audience", false, true, audience},
	{"deal", true, true, deal},
	{"lively", false, false, sink},
	{"stalled", false, false, stalled},
	{"announce", true, false, announce},
	{"topics", false, true, topics},
	{"crew", true, false, crew},
	{"survey", true, true, survey},
	{"door", true, true, door},
	{"sink", true, false, sink},
	{"pump", false, false, flood},
};

void die(const char *what, const char *why) {
	fprintf(stderr, "%s: %s\n", what, why);
	_exit(1);
}

void thread(void *(*run)(void *), void *arg) {
	pthread_t t;
	if (pthread_create(&t, NULL, run, arg) != 0)
		die("thread", "cannot start");
}

static const struct role *find(const char *name) {
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	die(name, "no such role");
}

bool listens(const char *role) { return find(role)->listens; }

static void *play(void *arg) {
	struct part *p = arg;
	struct figures f = find(p->role)->loop(p);
	report(f);
	return NULL;
}

// another is the address of the nth listener of the process.
static const char *another(const char *url, int n) {
	size_t length = strlen(url);
	if (n == 0 || (length > 2 && strcmp(url + length - 2, ":0") == 0))
		return url;
	char *s = malloc(length + 16);
	snprintf(s, length + 16, "%s-%d", url, n);
	return s;
}

static char *parse(struct job *j, int argc, char **argv) {
	char *roles = NULL;
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *name = argv[i] + 1;
		char *value = argv[i + 1];
		if (strcmp(name, "contestant") == 0)
			j->contestant = value;
		else if (strcmp(name, "role") == 0)
			roles = value;
		else if (strcmp(name, "url") == 0)
			j->url = value;
		else if (strcmp(name, "certs") == 0)
			j->certs = value;
		else if (strcmp(name, "size") == 0)
			j->size = (size_t)atoll(value);
		else if (strcmp(name, "warmup") == 0)
			j->warmup = atoll(value);
		else if (strcmp(name, "duration") == 0)
			j->duration = atoll(value);
		else if (strcmp(name, "n") == 0)
			j->n = atoi(value);
		else if (strcmp(name, "peers") == 0)
			j->peers = atoi(value);
		else if (strcmp(name, "per-second") == 0)
			j->per_second = atoi(value);
		else if (strcmp(name, "lengths") == 0)
			j->lengths = atoi(value);
		else if (strcmp(name, "connections") == 0)
			j->connections = atoi(value);
		else if (strcmp(name, "messages") == 0)
			j->messages = atoi(value);
	}
	if (roles == NULL)
		die("usage", "a -role is wanted");
	return roles;
}

// raise_limit allows as many descriptors as the system does, as Go does.
static void raise_limit(void) {
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

int main(int argc, char **argv) {
	if (argc == 2 && strcmp(argv[1], "-version") == 0) {
		puts(library_version());
		return 0;
	}
	static struct job j;
	char *names = parse(&j, argc, argv);
	static struct part parts[64];
	const char *url = j.url;
	int n = 0, listeners = 0;
	raise_limit();
	note_memory();
	for (char *name = strtok(names, ","); name && n < 64; name = strtok(NULL, ","), n++) {
		const struct role *r = find(name);
		if (r->listens)
			url = another(j.url, listeners++);
		struct part *p = &parts[n];
		*p = (struct part){.job = &j, .role = name, .url = url};
		if (r->loop != make_crowd && r->loop != connect_again && r->loop != audience && r->loop != stalled) {
			p->end = end_open(&j, name, url);
			p->url = url = end_url(p->end);
		}
		if (r->measures)
			expect_report();
		printf("ready %s\n", url);
	}
	fflush(stdout);
	for (int i = 0; i < n; i++)
		thread(play, &parts[i]);
	char c;
	while (read(0, &c, 1) > 0) {
	}
	_exit(0); // nothing is left to be told: the parent has what it wanted
}
