/*
 * A program over libnng that does what nngcat does, but sends only when a peer is connected:
 *
 *     nng --<protocol> --connect|--bind <url> [--file <file>|--data ''] [--raw|--quoted]
 *
 * It sends the file once, before or after it receives, as the protocol has it, and prints
 * the bodies that it receives.
 */
#include "cat.h"
#include "must.h"
#include <nng/protocol/bus0/bus.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pair1/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/protocol/survey0/respond.h>
#include <nng/protocol/survey0/survey.h>
#include <nng/supplemental/util/platform.h>
#include <string.h>

static nng_socket sock;
static nng_mtx *  lock;
static nng_cv *   came;
static int        peers;

static void
connected(nng_pipe p, nng_pipe_ev ev, void *arg)
{
	(void) p, (void) ev, (void) arg;
	nng_mtx_lock(lock);
	peers++;
	nng_cv_wake(came);
	nng_mtx_unlock(lock);
}

static void
say(void)
{
	nng_mtx_lock(lock);
	while (peers == 0) {
		nng_cv_wait(came);
	}
	nng_mtx_unlock(lock);
	must(nng_send(sock, body, size, 0), "send");
}

static void
hear(void)
{
	unsigned char *data;
	size_t         n;
	must(nng_recv(sock, &data, &n, NNG_FLAG_ALLOC), "recv");
	print(data, n);
	nng_free(data, n);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*open)(nng_socket *);
		int prints, answers;
	} protocols[] = {
		{ "--req0", nng_req0_open, 1, 0 }, { "--rep0", nng_rep0_open, 1, 1 },
		{ "--push0", nng_push0_open, 0, 0 }, { "--pull0", nng_pull0_open, 1, 0 },
		{ "--pub0", nng_pub0_open, 0, 0 }, { "--sub0", nng_sub0_open, 1, 0 },
		{ "--pair0", nng_pair0_open, 1, 0 }, { "--pair1", nng_pair1_open, 1, 0 },
		{ "--bus0", nng_bus0_open, 1, 0 }, { "--surveyor0", nng_surveyor0_open, 1, 0 },
		{ "--respondent0", nng_respondent0_open, 1, 1 },
	};
	int i, proto = -1;

	must(nng_mtx_alloc(&lock), "mutex");
	must(nng_cv_alloc(&came, lock), "condition");
	for (i = 0; argc > 1 && i < (int) (sizeof(protocols) / sizeof(*protocols)); i++) {
		if (strcmp(argv[1], protocols[i].name) == 0) {
			proto = i;
			must(protocols[i].open(&sock), "open");
		}
	}
	if (proto < 0) {
		fprintf(stderr, "no such protocol\n");
		return 2;
	}
	if (strcmp(argv[1], "--sub0") == 0) {
		must(nng_socket_set(sock, NNG_OPT_SUB_SUBSCRIBE, "", 0), "subscribe");
	}
	must(nng_socket_set_size(sock, NNG_OPT_RECVMAXSZ, 4 << 20), "limit");
	must(nng_pipe_notify(sock, NNG_PIPE_EV_ADD_POST, connected, NULL), "notify");
	for (i = 2; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--file") == 0) {
			load(argv[++i]);
		} else if (strcmp(argv[i], "--data") == 0) { /* only an empty one */
			body = argv[++i];
		}
	}
	for (i = 2; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--connect") == 0) {
			must(nng_dial(sock, argv[i + 1], NULL, NNG_FLAG_NONBLOCK), "dial");
		} else if (strcmp(argv[i], "--bind") == 0) {
			must(nng_listen(sock, argv[i + 1], NULL, 0), "listen");
		}
	}
	if (protocols[proto].answers) {
		hear();
	}
	if (body != NULL) {
		say();
	}
	if (protocols[proto].prints && !protocols[proto].answers) {
		hear();
	}
	for (;;) {
		nng_msleep(1000); /* until it is killed */
	}
}
