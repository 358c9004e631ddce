/*
 * A program over libnanomsg that does what nanocat does, but sends only when a peer is
 * connected:
 *
 *     nanomsg --<protocol> --connect|--bind <url> [--file <file>|--data ''] [--raw|--quoted]
 *
 * It sends the file once, before or after it receives, as the protocol has it, and prints
 * the bodies that it receives.
 */
#include "cat.h"
#include <nanomsg/bus.h>
#include <nanomsg/nn.h>
#include <nanomsg/pair.h>
#include <nanomsg/pipeline.h>
#include <nanomsg/pubsub.h>
#include <nanomsg/reqrep.h>
#include <nanomsg/survey.h>
#include <string.h>
#include <unistd.h>

static int sock;

static void
must(int n, const char *what)
{
	if (n < 0) {
		fprintf(stderr, "%s: %s\n", what, nn_strerror(nn_errno()));
		exit(1);
	}
}

static void
say(void)
{
	while (nn_get_statistic(sock, NN_STAT_CURRENT_CONNECTIONS) == 0) {
		usleep(1000);
	}
	must(nn_send(sock, body, size, 0), "send");
}

static void
hear(void)
{
	void *data = NULL;
	int   n    = nn_recv(sock, &data, NN_MSG, 0);
	must(n, "recv");
	print(data, n);
	nn_freemsg(data);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int         number, prints, answers;
	} protocols[] = {
		{ "--req", NN_REQ, 1, 0 }, { "--rep", NN_REP, 1, 1 },
		{ "--push", NN_PUSH, 0, 0 }, { "--pull", NN_PULL, 1, 0 },
		{ "--pub", NN_PUB, 0, 0 }, { "--sub", NN_SUB, 1, 0 },
		{ "--pair", NN_PAIR, 1, 0 }, { "--bus", NN_BUS, 1, 0 },
		{ "--surveyor", NN_SURVEYOR, 1, 0 }, { "--respondent", NN_RESPONDENT, 1, 1 },
	};
	int i, proto = -1;

	for (i = 0; argc > 1 && i < (int) (sizeof(protocols) / sizeof(*protocols)); i++) {
		if (strcmp(argv[1], protocols[i].name) == 0) {
			proto = i;
		}
	}
	if (proto < 0) {
		fprintf(stderr, "no such protocol\n");
		return 2;
	}
	must(sock = nn_socket(AF_SP, protocols[proto].number), "socket");
	if (protocols[proto].number == NN_SUB) {
		must(nn_setsockopt(sock, NN_SUB, NN_SUB_SUBSCRIBE, "", 0), "subscribe");
	}
	if (protocols[proto].number == NN_SURVEYOR) {
		int deadline = 30000; /* milliseconds */
		must(nn_setsockopt(sock, NN_SURVEYOR, NN_SURVEYOR_DEADLINE, &deadline, sizeof(deadline)), "deadline");
	}
	for (i = 2; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--connect") == 0) {
			must(nn_connect(sock, argv[i + 1]), "connect");
		} else if (strcmp(argv[i], "--bind") == 0) {
			must(nn_bind(sock, argv[i + 1]), "bind");
		} else if (strcmp(argv[i], "--file") == 0) {
			load(argv[++i]);
		} else if (strcmp(argv[i], "--data") == 0) { /* only an empty one */
			body = argv[++i];
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
		sleep(1); /* until it is killed */
	}
}
