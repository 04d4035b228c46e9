// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency.c - how long a write takes: beside a pipe's, beside one's own large ones,
 * and beside another user's flood, each in the same boot
 */

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "probe.h"

#define WRITES	2000
#define SMALL	1024
#define SLOW	(WRITES * 98 / 100)

/* A busy machine makes some measurements bad, a driver that waits makes all of them so. */
#define TRIES	8

enum { ALICE = 3001, BOB = 3002 };

static unsigned char blob[MEMLOG_MAX_BLOB];
static double took[WRITES];

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return one < other ? -1 : one > other;
}

/* Median microseconds of a write; what is written into a pipe is read again. */
static double median(int to, int from, size_t length)
{
	static unsigned char back[SMALL];

	for (int i = 0; i < WRITES; i++) {
		double began = now_us();

		if (write(to, blob, length) != (ssize_t)length)
			return -1;
		took[i] = now_us() - began;
		if (from >= 0 && read(from, back, length) != (ssize_t)length)
			return -1;
	}
	qsort(took, WRITES, sizeof(*took), by_size);
	return took[WRITES / 2];
}

static bool a_write_beside_a_pipes(void)
{
	int fd = open_empty(), ends[2];
	double ring, pipe_us, large;

	must(fd >= 0 && !pipe(ends));
	median(fd, -1, SMALL);
	pipe_us = median(ends[1], ends[0], SMALL);
	ring = median(fd, -1, SMALL);
	large = median(fd, -1, MEMLOG_MAX_BLOB);
	fprintf(stderr, "# write of 1 KiB: ring %.1f us, pipe %.1f us, ratio %.2f; of 64 KiB: %.1f us\n",
		ring, pipe_us, ring / pipe_us, large);
	must(ring > 0 && pipe_us > 0 && large > 0);
	must(ring < 20 * pipe_us);
	close(ends[0]);
	close(ends[1]);
	return !close(fd);
}

static bool write_forever(void *length)
{
	int fd = open_ring();

	while (write(fd, blob, *(size_t *)length) == *(ssize_t *)length)
		;
	return false;
}

/* Alice's median beside a flood, over that without; what the slow ones took stays in took[]. */
static double beside(uid_t flooder, size_t length)
{
	int fd = open_ring();
	double alone, flooded;
	pid_t child;

	median(fd, -1, SMALL);
	alone = median(fd, -1, SMALL);
	child = fork();
	if (!child) {
		(void)!seteuid(0);
		(void)!setresuid(flooder, flooder, flooder);
		_exit(write_forever(&length));
	}
	usleep(300000);
	flooded = median(fd, -1, SMALL);
	if (waitpid(child, NULL, WNOHANG))
		return -1;
	(void)!seteuid(0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fd);
	fprintf(stderr, "# write of 1 KiB: alone %.1f us, beside uid %d's of %zu bytes %.1f us (98 of 100 under %.1f), ratio %.2f\n",
		alone, flooder, length, flooded, took[SLOW], flooded / alone);
	return flooded / alone;
}

static bool own_large_ones(void *unused)
{
	int fd = open_ring();
	double large = median(fd, -1, MEMLOG_MAX_BLOB), ratio;
	bool held = false;

	(void)unused;
	/*
	 * Who wants the lock again soonest mostly gets it: a wait shows in the slow
	 * ones.
	 */
	for (int i = 0; i < TRIES && !held; i++) {
		ratio = beside(ALICE, MEMLOG_MAX_BLOB);
		must(ratio > 0);
		held = ratio <= 3 && took[SLOW] < large / 2;
	}
	must(held);
	return !close(fd);
}

static bool a_write_does_not_wait_for_anothers_hash(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		fprintf(stderr, "# one CPU: not tried\n");
		return true;
	}
	return holds_as(ALICE, true, own_large_ones, NULL);
}

/* The flooder turns into Bob, which takes root: Alice's file is opened as Alice. */
static bool a_write_beside_another_users_flood(void)
{
	static const size_t lengths[] = { 40, MEMLOG_MAX_BLOB };
	double ratio;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return true;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		ratio = 4;
		for (int k = 0; k < TRIES && ratio > 3; k++) {
			must(!setegid(WRITERS_GID) && !seteuid(ALICE));
			ratio = beside(BOB, lengths[i]);
			must(!seteuid(0) && !setegid(0));
			must(ratio > 0);
		}
		must(ratio <= 3);
	}
	return true;
}

const struct probe latency_cases[] = {
	{ "a write of 1 KiB beside a pipe's", a_write_beside_a_pipes },
	{ "a write does not wait for another's hash in the same ring", a_write_does_not_wait_for_anothers_hash },
	{ "a write beside another user's flood takes three times as long at most", a_write_beside_another_users_flood },
	{}
};
