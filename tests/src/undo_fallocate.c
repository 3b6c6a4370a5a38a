// Plays the `fallocate` of a tmpfs on kernels that undo it when a signal is pending. Loaded by LD_PRELOAD.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_pending(void) {
    sigset_t pending;
    sigpending(&pending);
    for (int signal = 1; signal < 65; signal++)
        if (sigismember(&pending, signal) == 1)
            return 1;
    return 0;
}

int fallocate(int fd, int mode, off_t from, off_t len) {
    enum { STEP = 64 * 4096 };
    sigset_t all, before;
    int error = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (off_t done = 0; done < len && !error; done += STEP) {
        off_t step = len - done < STEP ? len - done : STEP;
        if (syscall(SYS_fallocate, fd, mode, from + done, step))
            error = errno;
        else if (lseek(fd, from, SEEK_DATA) < 0 && is_pending()) { // what holds data is never undone
            syscall(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, done + step);
            error = EINTR;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, 0);
    errno = error;
    return error ? -1 : 0;
}
