/* What the programs have in common that do what nngcat and nanocat do. */
#include <stdio.h>
#include <stdlib.h>

static char * body; /* what to send, or NULL */
static size_t size;

/* load takes a file for body. */
static void
load(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL || (body = malloc(4 << 20)) == NULL) {
		exit(1);
	}
	size = fread(body, 1, 4 << 20, f);
	fclose(f);
}

/* print prints a message: as it is, or an empty one as two quotes. */
static void
print(const void *data, size_t n)
{
	if (n == 0) {
		puts("\"\"");
	}
	fwrite(data, 1, n, stdout);
	fflush(stdout);
}
