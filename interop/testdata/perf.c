/*
 * The conversations of nng's performance tools, over pair1 of libnng:
 *
 *     perf local_lat|remote_lat|local_thr|remote_thr <url> <size> <count>
 *
 * It exits with 0 when the conversation went as it must. A local side prints
 * a line when it listens.
 */
#include "must.h"
#include <nng/protocol/pair1/pair.h>
#include <nng/supplemental/util/platform.h>
#include <string.h>

static nng_socket sock;

static void
put(size_t size)
{
	nng_msg *m;
	must(nng_msg_alloc(&m, size), "alloc");
	memset(nng_msg_body(m), 'n', size);
	must(nng_sendmsg(sock, m, 0), "send");
}

/* get receives a message and hands it over when the caller wants it. */
static void
get(size_t size, nng_msg **keep)
{
	nng_msg *m;
	must(nng_recvmsg(sock, &m, 0), "receive");
	if (nng_msg_len(m) != size) {
		fprintf(stderr, "%zu bytes, not %zu\n", nng_msg_len(m), size);
		exit(1);
	}
	if (keep != NULL) {
		*keep = m;
	} else {
		nng_msg_free(m);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 5) {
		return 2;
	}
	const char *mode  = argv[1];
	size_t      size  = (size_t) atol(argv[3]);
	long        count = atol(argv[4]);

	must(nng_pair1_open(&sock), "open");
	must(nng_socket_set_ms(sock, NNG_OPT_RECVTIMEO, 20000), "timeout");
	must(nng_socket_set_ms(sock, NNG_OPT_SENDTIMEO, 20000), "timeout");
	if (strncmp(mode, "local", 5) == 0) {
		must(nng_listen(sock, argv[2], NULL, 0), "listen");
		puts("listening");
		fflush(stdout);
	} else {
		must(nng_dial(sock, argv[2], NULL, 0), "dial");
	}

	if (strcmp(mode, "local_lat") == 0) {
		for (long i = 0; i < count; i++) {
			nng_msg *m;
			get(size, &m);
			must(nng_sendmsg(sock, m, 0), "echo");
		}
		nng_msleep(100); /* nng has no linger */
	} else if (strcmp(mode, "remote_lat") == 0) {
		for (long i = 0; i < count; i++) {
			nng_msg *m;
			put(size);
			get(size, &m);
			char *body = nng_msg_body(m);
			for (size_t j = 0; j < size; j++) {
				if (body[j] != 'n') {
					fputs("this is no echo\n", stderr);
					return 1;
				}
			}
			nng_msg_free(m);
		}
	} else if (strcmp(mode, "local_thr") == 0) {
		must(nng_socket_set_int(sock, NNG_OPT_RECVBUF, 128), "buffer");
		get(0, NULL);
		for (long i = 0; i < count; i++) {
			get(size, NULL);
		}
		put(0);
		nng_msleep(200);
	} else if (strcmp(mode, "remote_thr") == 0) {
		must(nng_socket_set_int(sock, NNG_OPT_SENDBUF, 128), "buffer");
		put(0);
		for (long i = 0; i < count + 1; i++) { /* nng's sends one too many */
			put(size);
		}
		get(0, NULL);
	} else {
		return 2;
	}
	nng_close(sock);
	return 0;
}
