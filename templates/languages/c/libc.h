/* What woven code needs of the C library, under names of our own (asm labels), so that no header is
 * included before the file's own first line and nothing clashes with what it declares. Valid as C89
 * and as C++98; a system header, so that no warning about it ends a build. */
#ifndef SELFHEAL_LIBC
#define SELFHEAL_LIBC
#pragma GCC system_header
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__linux__) && __SIZEOF_POINTER__ == 8
#define SELFHEAL_WORKS 1

extern char *selfheal_getenv(const char *) __asm__("getenv");
extern int selfheal_setenv(const char *, const char *, int) __asm__("setenv");
extern int selfheal_unsetenv(const char *) __asm__("unsetenv");
extern int selfheal_getpid(void) __asm__("getpid");
extern int selfheal_socket(int, int, int) __asm__("socket");
extern int selfheal_connect(int, const void *, unsigned) __asm__("connect");
extern int selfheal_open(const char *, int, ...) __asm__("open");
extern long selfheal_read(int, void *, unsigned long) __asm__("read");
extern long selfheal_write(int, const void *, unsigned long) __asm__("write");
extern long selfheal_lseek(int, long, int) __asm__("lseek");
extern int selfheal_close(int) __asm__("close");
extern int selfheal_dup2(int, int) __asm__("dup2");
extern int selfheal_pipe2(int *, int) __asm__("pipe2");
extern int selfheal_poll(void *, unsigned long, int) __asm__("poll");
extern int selfheal_fork(void) __asm__("fork");
extern int selfheal_waitpid(int, int *, int) __asm__("waitpid");
extern long selfheal_syscall(long, ...) __asm__("syscall");
extern int selfheal_kill(int, int) __asm__("kill");
extern int selfheal_setpgid(int, int) __asm__("setpgid");
extern int selfheal_setitimer(int, const void *, void *) __asm__("setitimer");
extern int selfheal_clock_gettime(int, void *) __asm__("clock_gettime");
extern int selfheal_getrlimit(int, void *) __asm__("getrlimit");
extern int selfheal_setrlimit(int, const void *) __asm__("setrlimit");
extern int selfheal_memfd_create(const char *, unsigned) __asm__("memfd_create");
extern void selfheal__exit(int) __asm__("_exit") __attribute__((noreturn));
extern void *selfheal_mmap(void *, unsigned long, int, int, int, long) __asm__("mmap");
extern int selfheal_ftruncate(int, long) __asm__("ftruncate");
extern int selfheal_prctl(int, ...) __asm__("prctl");
extern int selfheal_raise(int) __asm__("raise");

static __attribute__((unused)) long selfheal_now_us(void)
{
	long at[2] = {0, 0};

	selfheal_clock_gettime(1, at);
	return at[0] * 1000000 + at[1] / 1000;
}

#endif
#ifdef __cplusplus
}
#endif
#endif
