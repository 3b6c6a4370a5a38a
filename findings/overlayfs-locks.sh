#!/bin/sh
# On overlayfs, a mapping does not keep the locks of the description that it was made by.
#
# Expected: mmap(2) says that a mapping adds a reference to the file, which closing the descriptor does not take away. So an
#   open-file-description lock (fcntl(2), F_OFD_SETLK) is held for as long as the mapping is there. It is, on tmpfs and ext4.
# True: on overlayfs, what is mapped is the file of the upper layer (ovl_mmap, fs/overlayfs/file.c: vma->vm_file is replaced by
#   the real file). The overlay's description goes with its descriptor, and its locks with it.
# Seen on: Linux 6.18. Only the kernel and the C library are used.
# Why it matters: the root of most containers is an overlayfs. A process that holds a lock by a mapping alone is taken for dead
#   there at once.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat > "$dir/locks.c" <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int try_lock(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Says whether the lock is held by the descriptor, and then by the mapping alone. */
int main(int argc, char **argv) {
    (void)argc;
    int holder = open(argv[1], O_RDWR | O_CREAT, 0600), other = open(argv[1], O_RDWR);
    if (holder < 0 || other < 0 || ftruncate(holder, 4096) || !try_lock(holder))
        return 2;
    void *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, holder, 0);
    if (map == MAP_FAILED)
        return 2;
    int by_descriptor = !try_lock(other);
    close(holder);
    int by_mapping = !try_lock(other);
    printf("held by the descriptor: %s, by the mapping: %s\n", by_descriptor ? "yes" : "no", by_mapping ? "yes" : "no");
    return by_mapping ? 0 : 1;
}
C
cc -o "$dir/locks" "$dir/locks.c"
mkdir "$dir/mount"
unshare -rm sh -eu -c '
    mount -t tmpfs -o size=1m tmpfs "$0/mount"
    cd "$0/mount"
    mkdir lower upper work merged
    printf "tmpfs: "
    "$0/locks" upper/file
    rm upper/file
    mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
    printf "overlayfs: "
    if "$0/locks" merged/file; then
        echo "changed: overlayfs keeps the lock now"
        exit 1
    fi
' "$dir"
