/* Loaded before libc (LD_PRELOAD), it lets the n-th operation of one kind on a store's files fail.
 *
 * FAULT_KIND: write, sync, read (that one fails with EIO) or space (from that one on, nothing is left: ENOSPC);
 * FAULT_AT: which one; FAULT_FILE: a part of the paths that are meant; FAULT_MARK: a file that is made when it happens. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long count = 0;

static int is_meant(int fd) {
  const char *file = getenv("FAULT_FILE");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (!file || length < 0) return 0;
  path[length] = 0;
  /* The index of the log is memory, and the locks hold nothing. */
  return strstr(path, file) && !strstr(path, "-shm") && !strstr(path, ".lock") && !strstr(path, ".queue");
}

/* The error with which this operation fails, 0 if it does not. */
static int fault(const char *what, int fd) {
  const char *kind = getenv("FAULT_KIND"), *at = getenv("FAULT_AT"), *mark = getenv("FAULT_MARK");
  if (!kind || !at || !mark) return 0;
  int is_space = !strcmp(kind, "space");
  if (strcmp(is_space ? "write" : kind, what) || !is_meant(fd)) return 0;
  long now = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
  if (is_space ? now < atol(at) : now != atol(at)) return 0;
  close(open(mark, O_CREAT | O_WRONLY, 0600));
  return is_space ? ENOSPC : EIO;
}

#define WRAP(type, what, name, parameters, arguments)                        \
  type name parameters {                                                     \
    static type (*real) parameters = 0;                                      \
    if (!real) real = (type (*) parameters)dlsym(RTLD_NEXT, #name);          \
    int error = fault(what, fd);                                             \
    if (error) {                                                             \
      errno = error;                                                         \
      return -1;                                                             \
    }                                                                        \
    return real arguments;                                                   \
  }

WRAP(ssize_t, "write", write, (int fd, const void *from, size_t size), (fd, from, size))
WRAP(ssize_t, "write", pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
WRAP(ssize_t, "write", pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
WRAP(int, "write", ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, "write", ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(ssize_t, "read", read, (int fd, void *to, size_t size), (fd, to, size))
WRAP(ssize_t, "read", pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
WRAP(ssize_t, "read", pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))
WRAP(int, "sync", fsync, (int fd), (fd))
WRAP(int, "sync", fdatasync, (int fd), (fd))
