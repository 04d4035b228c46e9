// SPDX-License-Identifier: GPL-2.0-only
/*
 * race.c - readers, writers, resize, clear and counters at the same time
 *
 * A blob is its own proof: it begins with a key, and the rest follows from it.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "probe.h"

#define THREADS_MAX	8

static atomic_bool stop;
static atomic_long wrong, written, seen;
static int seconds = 4;

static void note(const char *what)
{
	if (!atomic_fetch_add(&wrong, 1))
		fprintf(stderr, "# race: %s (%s)\n", what, strerror(errno));
}

static void *write_forever(void *seed)
{
	unsigned char blob[9000];
	uint64_t key = (uintptr_t)seed << 32;
	int fd = open_ring();

	while (!stop) {
		size_t length = 8 + key * 2654435761u % (sizeof(blob) - 8);

		key++;
		memcpy(blob, &key, 8);
		fill(blob + 8, length - 8, key);
		if (write(fd, blob, length) == (ssize_t)length)
			written++;
		else
			note("a write failed");
	}
	close(fd);
	return NULL;
}

static void check(const struct frame *frame, ssize_t got, struct memlog_record_header *before)
{
	uint64_t key;

	memcpy(&key, frame->blob, 8);
	if (got != (ssize_t)(MEMLOG_HEADER_BYTES + frame->hdr.length))
		note("a record was cut");
	if (!is_filled(frame->blob + 8, frame->hdr.length - 8, key))
		note("a record was torn");
	if (frame->hdr.seq <= before->seq)
		note("seqs went backwards");
	if (frame->hdr.ts_ns < before->ts_ns)
		note("time went backwards against seq");
	*before = frame->hdr;
	seen++;
}

static void *read_forever(void *unused)
{
	struct frame *frame = malloc(sizeof(*frame));
	struct memlog_record_header before = {};
	int fd = open_ring();
	ssize_t got;

	(void)unused;
	while (!stop) {
		got = read(fd, frame, sizeof(*frame));
		if (got > 0)
			check(frame, got, &before);
		else if (got < 0)
			note("a read failed");
		else
			usleep(200);
	}
	close(fd);
	free(frame);
	return NULL;
}

/* All that can happen to a ring while it is used. */
static void *disturb_forever(void *unused)
{
	static const __u32 sizes[] = { MEMLOG_RING_MIN, 300000, 1 << 20, 99999, 8 << 20 };
	int fd = open_ring();

	(void)unused;
	for (unsigned int turn = 0; !stop; turn++) {
		__u32 size = sizes[turn % 5];
		struct memlog_info info;

		if (ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size))
			note("a resize failed");
		if (turn % 3 == 0 && ioctl(fd, MEMLOG_IOC_CLEAR))
			note("a clear failed");
		info = info_of(fd);
		if (info.oldest_seq > info.next_seq ||
		    info.oldest_seq - 1 != info.evicted + info.cleared)
			note("counters do not add up");
		stats_of(fd);
		close(open_ring());
		usleep(300);
	}
	close(fd);
	return NULL;
}

static bool race(int writers, int readers, int disturbers)
{
	pthread_t threads[THREADS_MAX];
	int count = 0;

	stop = false;
	wrong = written = seen = 0;
	while (writers--)
		pthread_create(&threads[count++], NULL, write_forever, (void *)(uintptr_t)(writers + 1));
	while (readers--)
		pthread_create(&threads[count++], NULL, read_forever, NULL);
	while (disturbers--)
		pthread_create(&threads[count++], NULL, disturb_forever, NULL);
	sleep(seconds);
	stop = true;
	while (count--)
		pthread_join(threads[count], NULL);
	fprintf(stderr, "# written %ld, read %ld\n", written, seen);
	return !wrong && written > 100 && seen > 20;
}

static bool writers_and_readers(void)
{
	close(open_empty());
	return race(2, 2, 0);
}

static bool writers_readers_resize_and_clear(void)
{
	bool held;

	close(open_empty());
	held = race(3, 3, 2);
	close(open_empty());
	return held;
}

static bool accepted(void *unused)
{
	static struct frame frame;
	int fd = open_empty();
	__u64 first = info_of(fd).next_seq;
	pthread_t threads[2];
	struct memlog_info after;
	__u64 held = 0;

	(void)unused;
	stop = false;
	wrong = written = 0;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, write_forever, (void *)(uintptr_t)(i + 1));
	sleep(1);
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	after = info_of(fd);
	must(!wrong && after.next_seq - first == (__u64)written);
	while (read(fd, &frame, sizeof(frame)) > 0)
		held++;
	must(held == after.next_seq - after.oldest_seq);
	return !close(fd);
}

static bool every_accepted_write_has_one_seq(void)
{
	return accepted(NULL);
}

const struct probe race_cases[] = {
	{ "writers and readers: whole records, in order of seq and time", writers_and_readers },
	{ "writers, readers, resize and clear: the same, and counters add up", writers_readers_resize_and_clear },
	{ "every accepted write has one seq", every_accepted_write_has_one_seq },
	{}
};
