// libzmq, with its defaults. 64 requests at once are those of one dealer to
// one router.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <zmq.h>

#include "peer.h"

struct end {
	void *s;
	zmq_msg_t last;
	char url[512];
	const struct job *job;
	int concurrent;
	void *monitor; // tells of peers
};

static const struct {
	const char *role;
	int type;
} sockets[] = {
	{"push", ZMQ_PUSH}, {"pull", ZMQ_PULL},
	{"req", ZMQ_REQ}, {"rep", ZMQ_REP}, {"greet", ZMQ_REP},
	{"requests", ZMQ_DEALER}, {"serve", ZMQ_ROUTER},
	{"sub", ZMQ_SUB}, {"pub", ZMQ_PUB},
	{"hold", ZMQ_PULL},
	{"deal", ZMQ_PUSH}, {"pump", ZMQ_PUSH},
	{"lively", ZMQ_PULL}, {"sink", ZMQ_PULL}, {"stalled", ZMQ_PULL},
	{"publish", ZMQ_PUB}, {"announce", ZMQ_PUB}, {"topics", ZMQ_SUB},
};

const char *library_version(void) {
	static char s[64];
	int major, minor, patch;
	zmq_version(&major, &minor, &patch);
	snprintf(s, sizeof s, "libzmq %d.%d.%d", major, minor, patch);
	return s;
}

static void check(bool ok, const char *what) {
	if (!ok)
		die(what, zmq_strerror(zmq_errno()));
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void *context;

// open_context allows many sockets, because closed ones go away later.
static void open_context(void) {
	check((context = zmq_ctx_new()) != NULL, "context");
	check(zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 60000) == 0, "sockets");
}

static void subscribe_all(struct end *e, const struct job *j) {
	static char s[4096];
	for (int i = 0; i < j->n; i++) {
		size_t length = topic(j, i, s);
		check(zmq_setsockopt(e->s, ZMQ_SUBSCRIBE, s, length) == 0, "subscribe");
	}
}

static void watch_peers(struct end *e) {
	const char *at = "inproc://monitor";
	check(zmq_socket_monitor(e->s, at, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0, "monitor");
	check((e->monitor = zmq_socket(context, ZMQ_PAIR)) != NULL, "monitor");
	check(zmq_connect(e->monitor, at) == 0, "monitor");
}

void end_wait(struct end *e, int n, bool gone) {
	if (gone)
		die("wait", "not told by this library");
	for (int frames = 0; frames < 2 * n; frames++) { // each event is two
		char s[256];
		check(zmq_recv(e->monitor, s, sizeof s, 0) >= 0, "monitor");
	}
}

const bool counts_messages = true;

void end_stall(const struct job *j, const char *url) {
	struct end *e = end_open(j, "stalled", url);
	for (int i = 1; i < j->n; i++)
		check(zmq_connect(e->s, url) == 0, "connect");
}

bool end_try_send(struct end *e, const void *body, size_t size) {
	if (zmq_send(e->s, body, size, ZMQ_DONTWAIT) >= 0)
		return true;
	check(zmq_errno() == EAGAIN, "send");
	return false;
}

struct end *end_open(const struct job *j, const char *role, const char *url) {
	pthread_once(&once, open_context);
	struct end *e = calloc(1, sizeof *e);
	size_t i = 0, length = sizeof e->url;
	while (strcmp(sockets[i].role, role) != 0)
		if (++i == sizeof sockets / sizeof *sockets)
			die(role, "no such role");
	check((e->s = zmq_socket(context, sockets[i].type)) != NULL, "open");
	zmq_msg_init(&e->last);
	int linger = 0, backlog = 4096; // a crowd connects faster than it is accepted
	check(zmq_setsockopt(e->s, ZMQ_LINGER, &linger, sizeof linger) == 0, "linger");
	check(zmq_setsockopt(e->s, ZMQ_BACKLOG, &backlog, sizeof backlog) == 0, "backlog");
	if (strcmp(role, "topics") == 0)
		subscribe_all(e, j);
	else if (sockets[i].type == ZMQ_SUB)
		check(zmq_setsockopt(e->s, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribe");
	if (strcmp(role, "stalled") == 0) {
		int one = 1, small = 4096; // so that it soon has enough
		check(zmq_setsockopt(e->s, ZMQ_RCVHWM, &one, sizeof one) == 0, "queue");
		check(zmq_setsockopt(e->s, ZMQ_RCVBUF, &small, sizeof small) == 0, "buffer");
	}
	if (strcmp(role, "deal") == 0)
		watch_peers(e);
	snprintf(e->url, sizeof e->url, "%s", url);
	if (!listens(role)) {
		check(zmq_connect(e->s, url) == 0, "connect");
		return e;
	}
	check(zmq_bind(e->s, url) == 0, "bind");
	check(zmq_getsockopt(e->s, ZMQ_LAST_ENDPOINT, e->url, &length) == 0, "address");
	return e;
}

const char *end_url(struct end *e) { return e->url; }

void end_send(struct end *e, const void *body, size_t size) {
	check(zmq_send(e->s, body, size, 0) >= 0, "send");
}

const void *end_recv(struct end *e, size_t *size) {
	check(zmq_msg_recv(&e->last, e->s, 0) >= 0, "receive");
	*size = zmq_msg_size(&e->last);
	return zmq_msg_data(&e->last);
}

void end_close(struct end *e) {
	zmq_msg_close(&e->last);
	zmq_close(e->s);
	free(e);
}

// crowd connects one socket many times, because each socket would need two
// descriptors. Its messages go round, a single one over a socket of its own.
void crowd(const struct job *j, const char *url) {
	char body[64] = {0};
	struct end *e = end_open(j, "push", url);
	int alone = j->messages == 1;
	for (int i = 1; i < j->connections - alone; i++)
		check(zmq_connect(e->s, url) == 0, "connect");
	if (alone)
		e = end_open(j, "push", url);
	for (int i = 0; i < j->messages; i++)
		end_send(e, body, sizeof body);
}

static void *keep_requesting(void *arg) {
	struct end *e = arg;
	char *body = malloc(e->job->size);
	memset(body, 'x', e->job->size);
	for (int i = 0; i < e->concurrent; i++)
		end_send(e, body, e->job->size);
	for (;;) {
		size_t size;
		end_recv(e, &size);
		answered(e->job, size);
		end_send(e, body, e->job->size);
	}
	return NULL; // never, but the type of a thread wants it
}

void end_requests(struct end *e, const struct job *j, int concurrent) {
	e->job = j;
	e->concurrent = concurrent;
	thread(keep_requesting, e);
}

// end_serve sends each message back behind the identity that came with it.
void end_serve(struct end *e, int concurrent) {
	(void)concurrent; // as many as come
	for (;;) {
		zmq_msg_t identity, body;
		zmq_msg_init(&identity);
		zmq_msg_init(&body);
		check(zmq_msg_recv(&identity, e->s, 0) >= 0, "receive");
		check(zmq_msg_recv(&body, e->s, 0) >= 0, "receive");
		check(zmq_msg_send(&identity, e->s, ZMQ_SNDMORE) >= 0, "send");
		check(zmq_msg_send(&body, e->s, 0) >= 0, "send");
	}
}
