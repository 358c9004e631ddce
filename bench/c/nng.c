// nng, and with the contestant "nng pair0" its pair with buffers of 128
// messages instead of push and pull.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/protocol/survey0/survey.h>
#include <nng/supplemental/tls/tls.h>

#include "peer.h"

struct end {
	nng_socket s;
	nng_msg *last;
	char url[512];
	atomic_int came, went;
};

const char *library_version(void) {
	static char s[64];
	snprintf(s, sizeof s, "nng %s", nng_version());
	return s;
}

static void check(int rv, const char *what) {
	if (rv != 0)
		die(what, nng_strerror(rv));
}

static const struct {
	const char *role;
	int (*open)(nng_socket *);
} sockets[] = {
	{"push", nng_push0_open}, {"pull", nng_pull0_open},
	{"req", nng_req0_open}, {"rep", nng_rep0_open}, {"greet", nng_rep0_open},
	{"requests", nng_req0_open}, {"serve", nng_rep0_open},
	{"sub", nng_sub0_open}, {"pub", nng_pub0_open},
	{"hold", nng_pull0_open}, {"door", nng_pull0_open},
	{"deal", nng_push0_open}, {"pump", nng_push0_open},
	{"lively", nng_pull0_open}, {"sink", nng_pull0_open},
	{"crew", nng_rep0_open}, {"survey", nng_surveyor0_open},
	{"publish", nng_pub0_open}, {"announce", nng_pub0_open}, {"topics", nng_sub0_open},
};

static void listen_at(struct end *e, const char *url, const char *pem) {
	nng_listener l;
	check(nng_listener_create(&l, e->s, url), "listen");
	if (strncmp(url, "tls", 3) == 0)
		check(nng_listener_set_string(l, NNG_OPT_TLS_CERT_KEY_FILE, pem), "certificate");
	check(nng_listener_start(l, 0), "listen");
	const char *zero = strstr(url, ":0");
	int port;
	if (zero == NULL)
		snprintf(e->url, sizeof e->url, "%s", url);
	else {
		check(nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port), "port");
		snprintf(e->url, sizeof e->url, "%.*s:%d%s", (int)(zero - url), url, port, zero + 2);
	}
}

static void dial_to(struct end *e, const char *url, const char *pem) {
	nng_dialer d;
	check(nng_dialer_create(&d, e->s, url), "dial");
	if (strncmp(url, "tls", 3) == 0)
		check(nng_dialer_set_string(d, NNG_OPT_TLS_CA_FILE, pem), "authority");
	check(nng_dialer_start(d, 0), "dial");
	snprintf(e->url, sizeof e->url, "%s", url);
}

static void subscribe_all(struct end *e, const struct job *j) {
	static char s[4096];
	for (int i = 0; i < j->n; i++) {
		size_t length = topic(j, i, s);
		check(nng_socket_set(e->s, NNG_OPT_SUB_SUBSCRIBE, s, length), "subscribe");
	}
}

static void count(nng_pipe p, nng_pipe_ev ev, void *counter) {
	(void)p;
	(void)ev;
	atomic_fetch_add((atomic_int *)counter, 1);
}

void end_wait(struct end *e, int n, bool gone) {
	while (atomic_load(gone ? &e->went : &e->came) < n)
		usleep(200);
}

const bool counts_messages = false;

void end_stall(const struct job *j, const char *url) {
	(void)j;
	die(url, "another program plays this role");
}

bool end_try_send(struct end *e, const void *body, size_t size) {
	nng_msg *m;
	check(nng_msg_alloc(&m, size), "message");
	memcpy(nng_msg_body(m), body, size);
	int rv = nng_sendmsg(e->s, m, NNG_FLAG_NONBLOCK);
	if (rv == NNG_EAGAIN) {
		nng_msg_free(m);
		return false;
	}
	check(rv, "send");
	return true;
}

struct end *end_open(const struct job *j, const char *role, const char *url) {
	struct end *e = calloc(1, sizeof *e);
	size_t i = 0;
	while (strcmp(sockets[i].role, role) != 0)
		if (++i == sizeof sockets / sizeof *sockets)
			die(role, "no such role");
	bool buffered = strcmp(j->contestant, "nng pair0") == 0;
	check(buffered ? nng_pair0_open(&e->s) : sockets[i].open(&e->s), "open");
	if (buffered) {
		check(nng_socket_set_int(e->s, NNG_OPT_SENDBUF, 128), "buffer");
		check(nng_socket_set_int(e->s, NNG_OPT_RECVBUF, 128), "buffer");
	}
	if (strcmp(role, "sub") == 0)
		check(nng_socket_set(e->s, NNG_OPT_SUB_SUBSCRIBE, "", 0), "subscribe");
	if (strcmp(role, "topics") == 0)
		subscribe_all(e, j);
	if (strcmp(role, "survey") == 0)
		check(nng_socket_set_ms(e->s, NNG_OPT_SURVEYOR_SURVEYTIME, 60000), "time");
	check(nng_pipe_notify(e->s, NNG_PIPE_EV_ADD_POST, count, &e->came), "notify");
	check(nng_pipe_notify(e->s, NNG_PIPE_EV_REM_POST, count, &e->went), "notify");
	check(nng_socket_set_size(e->s, NNG_OPT_RECVMAXSZ, 0), "size");
	char pem[512];
	snprintf(pem, sizeof pem, "%s/peer.pem", j->certs);
	if (listens(role))
		listen_at(e, url, pem);
	else
		dial_to(e, url, pem);
	return e;
}

const char *end_url(struct end *e) { return e->url; }

void end_send(struct end *e, const void *body, size_t size) {
	nng_msg *m;
	check(nng_msg_alloc(&m, size), "message");
	memcpy(nng_msg_body(m), body, size);
	check(nng_sendmsg(e->s, m, 0), "send");
}

const void *end_recv(struct end *e, size_t *size) {
	if (e->last != NULL)
		nng_msg_free(e->last);
	check(nng_recvmsg(e->s, &e->last, 0), "receive");
	*size = nng_msg_len(e->last);
	return nng_msg_body(e->last);
}

void end_close(struct end *e) {
	if (e->last != NULL)
		nng_msg_free(e->last);
	nng_close(e->s);
	free(e);
}

void crowd(const struct job *j, const char *url) {
	char body[64] = {0};
	for (int i = 0; i < j->connections; i++) {
		struct end *e = end_open(j, "push", url);
		if (j->connections - i <= j->messages)
			end_send(e, body, sizeof body);
	}
}

// A worker has one request or answer under way after the other, on a context
// of its own. The library calls its step when an operation is complete.
struct worker {
	nng_ctx ctx;
	nng_aio *aio;
	bool sending;
	const struct job *job;
};

static void send_new(struct worker *w) {
	nng_msg *m;
	check(nng_msg_alloc(&m, w->job->size), "message");
	memset(nng_msg_body(m), 'x', w->job->size);
	nng_aio_set_msg(w->aio, m);
	w->sending = true;
	nng_ctx_send(w->ctx, w->aio);
}

static void request_step(void *arg) {
	struct worker *w = arg;
	check(nng_aio_result(w->aio), "request");
	if (w->sending) {
		w->sending = false;
		nng_ctx_recv(w->ctx, w->aio);
		return;
	}
	nng_msg *m = nng_aio_get_msg(w->aio);
	answered(w->job, nng_msg_len(m));
	nng_msg_free(m);
	send_new(w);
}

static void serve_step(void *arg) {
	struct worker *w = arg;
	check(nng_aio_result(w->aio), "serve");
	w->sending = !w->sending; // what was received is what is sent
	if (w->sending) {
		nng_msg *m = nng_aio_get_msg(w->aio);
		nng_aio_set_msg(w->aio, m);
		nng_ctx_send(w->ctx, w->aio);
	} else
		nng_ctx_recv(w->ctx, w->aio);
}

static struct worker *new_worker(struct end *e, void (*step)(void *)) {
	struct worker *w = calloc(1, sizeof *w);
	check(nng_ctx_open(&w->ctx, e->s), "context");
	check(nng_aio_alloc(&w->aio, step, w), "aio");
	return w;
}

void end_requests(struct end *e, const struct job *j, int concurrent) {
	for (int i = 0; i < concurrent; i++) {
		struct worker *w = new_worker(e, request_step);
		w->job = j;
		send_new(w);
	}
}

void end_serve(struct end *e, int concurrent) {
	for (int i = 0; i < concurrent; i++) {
		struct worker *w = new_worker(e, serve_step);
		nng_ctx_recv(w->ctx, w->aio);
	}
	for (;;)
		pause();
}
