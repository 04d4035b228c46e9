// SPDX-License-Identifier: GPL-2.0-only
/*
 * failslab.c - each allocation a call makes is failed in turn; debug kernels only
 *
 * What fails stores nothing and moves no reader, and says ENOMEM, or EFAULT where
 * it was a copy from or to user memory that was made to fail.
 */

#include "probe.h"

#define NTH	"/proc/thread-self/fail-nth"
#define SWEEP	200

static struct frame frame;
static unsigned char blob[20000];

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

static void arm(int fd, int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	(void)!pwrite(fd, text, strlen(text), 0);
}

/* True where the nth allocation was reached, and so failed. */
static bool disarm(int fd)
{
	char text[16] = "";
	bool fired = pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;

	arm(fd, 0);
	return fired;
}

static bool allowed(long result)
{
	return result >= 0 || errno == ENOMEM || errno == EFAULT || errno == ENOSPC;
}

static bool sweep(const char *what, bool (*attempt)(int nth_fd, bool *fired, int nth))
{
	int nth_fd = open(NTH, O_RDWR), nth, fails_seen = 0;
	bool fired = true;

	must(nth_fd >= 0);
	must(put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N"));
	/* Else each failure is told with a backtrace, as if it were a bug. */
	must(put("/sys/kernel/debug/failslab/verbose", "0"));
	must(put("/sys/kernel/debug/fail_usercopy/verbose", "0"));
	for (nth = 1; nth < SWEEP && fired; nth++) {
		must(attempt(nth_fd, &fired, nth));
		fails_seen += fired;
	}
	fprintf(stderr, "# %s: %d places failed\n", what, fails_seen);
	must(fails_seen > 0 && nth < SWEEP);
	return !close(nth_fd);
}

static bool try_open(int nth_fd, bool *fired, int nth)
{
	int fd;

	arm(nth_fd, nth);
	fd = open_ring();
	*fired = disarm(nth_fd);
	must(allowed(fd));
	if (fd >= 0)
		close(fd);
	return true;
}

static bool try_write(int nth_fd, bool *fired, int nth)
{
	int fd = open_empty();	/* so that the ring's buffer is made anew */
	__u64 next = info_of(fd).next_seq;
	ssize_t done;

	arm(nth_fd, nth);
	done = write(fd, blob, sizeof(blob));
	*fired = disarm(nth_fd);
	must(allowed(done));
	must(info_of(fd).next_seq == next + (done > 0));
	must(count_new(fd) == (done > 0));
	return !close(fd);
}

static bool try_read(int nth_fd, bool *fired, int nth)
{
	int fd = open_empty();
	ssize_t got;

	must(write(fd, blob, sizeof(blob)) == sizeof(blob));
	arm(nth_fd, nth);
	got = read(fd, &frame, sizeof(frame));
	*fired = disarm(nth_fd);
	must(allowed(got));
	must(count_new(fd) == (got <= 0));
	return !close(fd);
}

static bool try_resize(int nth_fd, bool *fired, int nth)
{
	__u32 size = 2 << 20;
	int fd = open_empty();
	long done;

	must(write(fd, blob, sizeof(blob)) == sizeof(blob));
	arm(nth_fd, nth);
	done = ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size);
	*fired = disarm(nth_fd);
	must(allowed(done));
	must(count_new(fd) == 1);
	return !close(fd);
}

static bool opens_fail_cleanly(void)
{
	return sweep("open", try_open);
}

static bool writes_fail_cleanly(void)
{
	return sweep("write", try_write);
}

static bool reads_fail_cleanly(void)
{
	return sweep("read", try_read);
}

static bool resizes_fail_cleanly(void)
{
	return sweep("resize", try_resize);
}

const struct probe failslab_cases[] = {
	{ "open() with each allocation failed", opens_fail_cleanly },
	{ "a write with each allocation failed stores all or nothing", writes_fail_cleanly },
	{ "a read with each allocation failed leaves the record", reads_fail_cleanly },
	{ "a resize with each allocation failed keeps the records", resizes_fail_cleanly },
	{}
};
