/* must ends a program over libnng with a message, unless err is 0. */
#include <nng/nng.h>
#include <stdio.h>
#include <stdlib.h>

static void
must(int err, const char *what)
{
	if (err != 0) {
		fprintf(stderr, "%s: %s\n", what, nng_strerror(err));
		exit(1);
	}
}
