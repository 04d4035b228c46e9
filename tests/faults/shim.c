// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: faults at the k-th call that writes
 *
 * Preloaded (LD_PRELOAD) into the process that tries faults, it stands before libc's calls that
 * change files. Calls below `root` are counted; at number `at` the process is killed (before the
 * call, or with half of a write done), or the call fails, once or from then on, or writes only a
 * part. Or every call is logged with its bytes, for power cuts to be replayed from.
 * faults_control() gives it the page it shares with the process that looks on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { OFF, COUNT, KILL, KILL_HALF, FAIL_ONCE, FAIL_ON, SHORT, LOG };
enum kind { OPEN = 1, WRITE = 2, SYNC = 4, TRUNCATE = 8, RENAME = 16, UNLINK = 32, LINK = 64, MKDIR = 128, MARK = 256 };
enum fate { GO_ON, HALF, REFUSED };

struct control {
	int64_t mode, kinds, at, error, seen, fired, log_fd;
	char root[512];
};

struct entry {
	uint32_t kind, path_len, other_len, zero;
	uint64_t offset, length; /* length: of the data that follows the paths, or the new size */
};

static struct control *control;

void faults_control(struct control *page) { control = page; }

#define REAL(name) ({ static __typeof__(&name) real_; if (!real_) real_ = dlsym(RTLD_NEXT, #name); real_; })

static void path_of_fd(int fd, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	path[n > 0 ? n : 0] = 0;
}

static void path_at(int folder, const char *name, char *path, size_t size)
{
	size_t n = 0;

	if (name[0] != '/') {
		if (folder == AT_FDCWD) {
			if (!getcwd(path, size - 2))
				path[0] = 0;
		} else {
			path_of_fd(folder, path, size - 2);
		}
		n = strlen(path);
		path[n++] = '/';
	}
	snprintf(path + n, size - n, "%s", name);
}

static int is_ours(const char *path)
{
	return control && control->mode != OFF && !strncmp(path, control->root, strlen(control->root));
}

__attribute__((noreturn)) static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* What is to become of a call; counts it. */
static enum fate fate_of(enum kind kind, const char *path)
{
	int64_t n;

	if (!is_ours(path) || !(control->kinds & kind))
		return GO_ON;
	n = __atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST);
	if (n < control->at || (n > control->at && control->mode != FAIL_ON))
		return GO_ON;
	switch (control->mode) {
	case KILL_HALF:
		__atomic_add_fetch(&control->fired, 1, __ATOMIC_SEQ_CST);
		if (kind == WRITE)
			return HALF;
		die();
	case KILL:
		__atomic_add_fetch(&control->fired, 1, __ATOMIC_SEQ_CST);
		die();
	case SHORT:
		if (kind != WRITE)
			return GO_ON;
		__atomic_add_fetch(&control->fired, 1, __ATOMIC_SEQ_CST);
		return HALF;
	case FAIL_ONCE:
	case FAIL_ON:
		__atomic_add_fetch(&control->fired, 1, __ATOMIC_SEQ_CST);
		errno = control->error;
		return REFUSED;
	}
	return GO_ON;
}

static void put(const void *data, size_t length)
{
	while (length) {
		ssize_t n = syscall(SYS_write, (int)control->log_fd, data, length);

		if (n <= 0)
			_exit(98); /* a log with a hole would prove nothing */
		data = (const char *)data + n;
		length -= n;
	}
}

static void note(enum kind kind, const char *path, const char *other, uint64_t offset, const void *data, uint64_t length)
{
	struct entry entry = { kind, strlen(path), strlen(other), 0, offset, length };
	int before = errno;

	if (control && control->mode == LOG && (kind == MARK || is_ours(path))) {
		put(&entry, sizeof(entry));
		put(path, entry.path_len);
		put(other, entry.other_len);
		if (data)
			put(data, length);
	}
	errno = before;
}

/* A point of the log the process can name: what was committed by now. */
void faults_mark(uint64_t n) { note(MARK, "", "", n, NULL, 0); }

static int opened(int folder, const char *name, int flags, mode_t mode)
{
	int (*real)(int, const char *, int, ...) = REAL(openat64);
	char path[4096];
	struct stat found;
	int fd, fresh;

	if (!control || control->mode == OFF || !(flags & (O_CREAT | O_TRUNC)))
		return real(folder, name, flags, mode);
	path_at(folder, name, path, sizeof(path));
	if (fate_of(OPEN, path) == REFUSED)
		return -1;
	fresh = syscall(SYS_newfstatat, folder, name, &found, AT_SYMLINK_NOFOLLOW) < 0;
	fd = real(folder, name, flags, mode);
	if (fd >= 0 && fresh)
		note(OPEN, path, "", 0, NULL, 0);
	else if (fd >= 0 && (flags & O_TRUNC))
		note(TRUNCATE, path, "", 0, NULL, 0);
	return fd;
}

#define OPENS(name, at, ...) \
	int name(__VA_ARGS__, int flags, ...) \
	{ \
		va_list more; \
		mode_t mode = 0; \
		if (flags & (O_CREAT | __O_TMPFILE)) { \
			va_start(more, flags); \
			mode = va_arg(more, mode_t); \
			va_end(more); \
		} \
		return opened(at, path, flags, mode); \
	}
OPENS(open, AT_FDCWD, const char *path)
OPENS(open64, AT_FDCWD, const char *path)
OPENS(openat, folder, int folder, const char *path)
OPENS(openat64, folder, int folder, const char *path)

static uint64_t offset_of(int fd)
{
	struct stat found;

	if (fcntl(fd, F_GETFL) & O_APPEND && !fstat(fd, &found))
		return found.st_size;
	return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *data, size_t size)
{
	char path[4096];
	enum fate fate;
	uint64_t offset;
	ssize_t n;

	if (!control || control->mode == OFF)
		return REAL(write)(fd, data, size);
	path_of_fd(fd, path, sizeof(path));
	fate = fate_of(WRITE, path);
	if (fate == REFUSED)
		return -1;
	offset = offset_of(fd);
	n = REAL(write)(fd, data, fate == HALF && size > 1 ? size / 2 : size);
	if (fate == HALF && control->mode == KILL_HALF)
		die();
	if (n > 0)
		note(WRITE, path, "", offset, data, n);
	return n;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	char path[4096];
	enum fate fate;
	ssize_t n;

	if (!control || control->mode == OFF)
		return REAL(pwrite64)(fd, data, size, offset);
	path_of_fd(fd, path, sizeof(path));
	fate = fate_of(WRITE, path);
	if (fate == REFUSED)
		return -1;
	n = REAL(pwrite64)(fd, data, fate == HALF && size > 1 ? size / 2 : size, offset);
	if (fate == HALF && control->mode == KILL_HALF)
		die();
	if (n > 0)
		note(WRITE, path, "", offset, data, n);
	return n;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	ssize_t n, total = 0;

	if (!control || control->mode == OFF)
		return REAL(writev)(fd, parts, count);
	for (int i = 0; i < count; i++) {
		n = write(fd, parts[i].iov_base, parts[i].iov_len);
		if (n < 0)
			return total ? total : -1;
		total += n;
		if ((size_t)n < parts[i].iov_len)
			break;
	}
	return total;
}

/* Who copies by these is told to copy by read and write. */
ssize_t sendfile64(int out, int in, off64_t *offset, size_t count)
{
	if (!control || control->mode == OFF)
		return REAL(sendfile64)(out, in, offset, count);
	errno = EINVAL;
	return -1;
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t count, unsigned int flags)
{
	if (!control || control->mode == OFF)
		return REAL(copy_file_range)(in, from, out, to, count, flags);
	errno = EXDEV;
	return -1;
}

#define ON_FD(name, kind, offset_, length_, args, call) \
	int name args \
	{ \
		char path[4096]; \
		int done; \
		if (!control || control->mode == OFF) \
			return REAL(name) call; \
		path_of_fd(fd, path, sizeof(path)); \
		if (fate_of(kind, path) == REFUSED) \
			return -1; \
		done = REAL(name) call; \
		if (!done) \
			note(kind, path, "", offset_, NULL, length_); \
		return done; \
	}
ON_FD(fsync, SYNC, 0, 0, (int fd), (fd))
ON_FD(fdatasync, SYNC, 0, 0, (int fd), (fd))
ON_FD(ftruncate, TRUNCATE, 0, size, (int fd, off_t size), (fd, size))
ON_FD(ftruncate64, TRUNCATE, 0, size, (int fd, off64_t size), (fd, size))

int posix_fallocate64(int fd, off64_t offset, off64_t size)
{
	char path[4096];
	int done;

	if (!control || control->mode == OFF)
		return REAL(posix_fallocate64)(fd, offset, size);
	path_of_fd(fd, path, sizeof(path));
	if (fate_of(TRUNCATE, path) == REFUSED)
		return control->error;
	done = REAL(posix_fallocate64)(fd, offset, size);
	if (!done)
		note(TRUNCATE, path, "", 0, NULL, offset + size);
	return done;
}

#define ON_PATH(name, kind, folder, args, call) \
	int name args \
	{ \
		char full[4096]; \
		int done; \
		if (!control || control->mode == OFF) \
			return REAL(name) call; \
		path_at(folder, path, full, sizeof(full)); \
		if (fate_of(kind, full) == REFUSED) \
			return -1; \
		done = REAL(name) call; \
		if (!done) \
			note(kind, full, "", 0, NULL, 0); \
		return done; \
	}
ON_PATH(unlink, UNLINK, AT_FDCWD, (const char *path), (path))
ON_PATH(unlinkat, UNLINK, dir, (int dir, const char *path, int flags), (dir, path, flags))
ON_PATH(rmdir, UNLINK, AT_FDCWD, (const char *path), (path))
ON_PATH(mkdir, MKDIR, AT_FDCWD, (const char *path, mode_t mode), (path, mode))
ON_PATH(mkdirat, MKDIR, dir, (int dir, const char *path, mode_t mode), (dir, path, mode))

#define ON_TWO(name, kind, from_dir, to_dir, args, call) \
	int name args \
	{ \
		char source[4096], target[4096]; \
		int done; \
		if (!control || control->mode == OFF) \
			return REAL(name) call; \
		path_at(from_dir, from, source, sizeof(source)); \
		path_at(to_dir, to, target, sizeof(target)); \
		if (fate_of(kind, target) == REFUSED) \
			return -1; \
		done = REAL(name) call; \
		if (!done) \
			note(kind, source, target, 0, NULL, 0); \
		return done; \
	}
ON_TWO(rename, RENAME, AT_FDCWD, AT_FDCWD, (const char *from, const char *to), (from, to))
ON_TWO(renameat, RENAME, a, b, (int a, const char *from, int b, const char *to), (a, from, b, to))
ON_TWO(link, LINK, AT_FDCWD, AT_FDCWD, (const char *from, const char *to), (from, to))
ON_TWO(linkat, LINK, a, b, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
