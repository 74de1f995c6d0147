/* The runtime of line probes (see src/kit/trial/probes.h), behind libc.h.
 *
 * A probe is one store into a file mapped shared: it survives abort, _exit and any signal. The file
 * holds rows; a mark (before a statement of a test) begins the next one. A parent of ours waits
 * for the process and writes down how it ended. SELFHEAL_PROBES is the number of probes. */
#ifndef SELFHEAL_SPECTRUM
#define SELFHEAL_SPECTRUM
#ifdef __cplusplus
extern "C" {
#endif

enum {
	SELFHEAL_ROWS = 1 + SELFHEAL_MARKS,
	SELFHEAL_HEAD = 16 + 4 * SELFHEAL_ROWS /* u32 status, rows begun, 2 spare; line of each */
};

__attribute__((weak)) unsigned char selfheal_nowhere[SELFHEAL_PROBES + 1];
__attribute__((weak)) unsigned char *selfheal_hits = selfheal_nowhere;
__attribute__((weak)) unsigned *selfheal_head;

static __attribute__((unused)) void selfheal_mark(unsigned line)
{
	unsigned row;

	if (!selfheal_head)
		return;
	row = selfheal_head[1] + 1;
	if (row >= SELFHEAL_ROWS) /* the last row takes the rest */
		row = SELFHEAL_ROWS - 1;
	selfheal_head[1] = row;
	selfheal_head[4 + row] = line;
	selfheal_hits = (unsigned char *)selfheal_head + SELFHEAL_HEAD +
			(unsigned long)row * SELFHEAL_PROBES;
}

#ifdef SELFHEAL_WORKS
/* dir/ADDRESS.PID is the process's file; children of it use the same one. */
static int selfheal_map(const char *dir, char *path)
{
	unsigned long size = SELFHEAL_HEAD + (unsigned long)SELFHEAL_ROWS * SELFHEAL_PROBES;
	unsigned long id = (unsigned long)selfheal_now_us() * 4096ul +
			   (unsigned long)selfheal_getpid() % 4096ul;
	const char *known = selfheal_getenv("SELFHEAL_SPECTRUM_FILE");
	unsigned n = 0, i;
	void *at;
	int fd;

	while (!known && dir[n] && n < 400) {
		path[n] = dir[n];
		n++;
	}
	for (i = 0; i < 16 && !known; i++)
		path[n + 1 + i] = "0123456789abcdef"[(id >> (60 - 4 * i)) & 15];
	path[n] = '/';
	path[n + 17] = 0;
	fd = known ? selfheal_open(known, 02 | 02000000)
		   : selfheal_open(path, 02 | 0100 | 02000000, 0666);
	if (fd < 0)
		return -1;
	selfheal_ftruncate(fd, (long)size);
	at = selfheal_mmap((void *)0, size, 3, 1, fd, 0);
	selfheal_close(fd);
	if (at == (void *)-1l)
		return -1;
	selfheal_head = (unsigned *)at;
	selfheal_hits = (unsigned char *)at + SELFHEAL_HEAD +
			(unsigned long)selfheal_head[1] * SELFHEAL_PROBES;
	return known ? 1 : 0;
}

__attribute__((constructor(101))) static void selfheal_boot_spectrum(void)
{
	const char *dir = selfheal_getenv("SELFHEAL_SPECTRUM");
	char path[420];
	int pid, status = 0;

	if (selfheal_head || !dir || selfheal_map(dir, path) != 0)
		return;
	selfheal_setenv("SELFHEAL_SPECTRUM_FILE", path, 1);
	pid = selfheal_fork();
	if (pid == 0) {
		selfheal_prctl(1, 9); /* dies with its parent, whom a driver may kill */
		return;
	}
	if (pid < 0)
		return;
	selfheal_head[0] = 0xffffffffu;
	while (selfheal_waitpid(pid, &status, 0) != pid)
		;
	selfheal_head[0] = (unsigned)status;
	if (status & 0x7f) {
		unsigned long none[2] = {0, 0};

		selfheal_setrlimit(4, none); /* one core dump is enough */
		selfheal_raise(status & 0x7f);
	}
	selfheal__exit(status >> 8 & 0xff);
}
#endif

#ifdef __cplusplus
}
#endif
#endif
