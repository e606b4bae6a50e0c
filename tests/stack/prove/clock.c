/* The clock of a function under proof: the real one and so many seconds more.
 *
 * Lambda waits one minute before it delivers an event again, then two; a lease runs for
 * that long. Preloaded, this lets the minutes pass without anybody waiting for them. The
 * eight bytes of the file that PROVE_CLOCK names are the seconds; they may change at any
 * time. Only the calendar's clock is moved: what measures durations is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead(void) {
    static const volatile int64_t *mapped;
    if (!mapped) {
        const char *path = getenv("PROVE_CLOCK");
        int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (file < 0) abort();
        void *page = mmap(NULL, sizeof *mapped, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (page == MAP_FAILED) abort();
        mapped = page;
    }
    return mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    if (done == 0 && clock == CLOCK_REALTIME) now->tv_sec += *ahead();
    return done;
}
