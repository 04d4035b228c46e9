// SPDX-License-Identifier: GPL-2.0-only
/*
 * drain.c - how long reading all records takes, beside a list scanned from its
 * head on every read (list_twin/), in the same boot
 */

#include <time.h>

#include "probe.h"

#define TWIN	"/dev/memlog_list"
#define MANY	50000

static struct frame frame;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Seconds that reading @count new records of 8 bytes takes; negative where it did not. */
static double drain(const char *path, long count)
{
	int fd = open(path, O_RDWR);
	double began;

	if (fd < 0)
		return -1;
	for (long i = 0; i < count; i++)
		if (write(fd, &i, 8) != 8)
			return -2;
	began = now();
	for (long i = 0; i < count; i++)
		if (read(fd, &frame, sizeof(frame)) != MEMLOG_HEADER_BYTES + 8)
			return -3;
	if (read(fd, &frame, sizeof(frame)))
		return -4;
	began = now() - began;
	close(fd);
	return began;
}

static double drain_ring(long count)
{
	__u32 size = 64 << 20;
	int fd = open_empty();
	double took;

	ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size);
	took = drain(DEVICE, count);
	close(open_empty());
	close(fd);
	return took;
}

/* The best of two to six: a busy machine makes one of them slow, a list scanned from its head each of them. */
static double drain_ring_best(long count, double enough)
{
	double best = drain_ring(count);

	for (int again = 0; again < 5 && best > 0; again++) {
		double took = drain_ring(count);

		if (took < best)
			best = took;
		if (best < enough)
			break;
	}
	return best;
}

static bool twice_the_records_take_less_than_three_times_as_long(void)
{
	double before;

	drain_ring(50000);	/* the first pays for memory never touched before */
	before = drain_ring_best(25000, 1e9);
	for (long count = 50000; count <= 200000; count *= 2) {
		double took = drain_ring_best(count, 3 * before);

		fprintf(stderr, "# drain of %ld: %.3f s, %.1f us a record, ratio %.2f\n",
			count, took, took / count * 1e6, took / before);
		must(before > 0 && took > 0 && took / before < 3);
		before = took;
	}
	return true;
}

static bool ten_times_faster_than_a_list(void)
{
	double ring = drain_ring(MANY), list = drain(TWIN, MANY);

	fprintf(stderr, "# drain of %d: ring %.3f s, list %.3f s, ratio %.1f\n",
		MANY, ring, list, list / ring);
	must(ring > 0 && list > 0);
	must(list >= 10 * ring);
	return true;
}

const struct probe drain_cases[] = {
	{ "twice the records take less than three times as long, up to 200000",
	  twice_the_records_take_less_than_three_times_as_long },
	{ "50000 records are drained ten times faster than from a list", ten_times_faster_than_a_list },
	{}
};
