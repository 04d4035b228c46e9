// SPDX-License-Identifier: GPL-2.0-only
/* contract.c - one reader and one writer, up to every bound */

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "probe.h"

static struct frame frame;
static unsigned char blob[MEMLOG_MAX_BLOB + 1];

static bool stamps_are_the_kernels(void)
{
	static const unsigned char session[MEMLOG_SESSION_BYTES] = "probe";
	int fd = open_empty();
	__u32 version = 0;
	__u64 next;

	must(fd >= 0);
	must(!ioctl(fd, MEMLOG_IOC_GET_VERSION, &version) && version == 1);
	must(fails(ioctl(fd, _IO(MEMLOG_IOC_MAGIC, 9)), ENOTTY));
	next = info_of(fd).next_seq;
	must(!ioctl(fd, MEMLOG_IOC_SET_SESSION, session));
	must(write(fd, "abc", 3) == 3);
	must(read(fd, &frame, sizeof(frame)) == MEMLOG_HEADER_BYTES + 3);
	must(frame.hdr.magic == MEMLOG_MAGIC && frame.hdr.length == 3);
	must(frame.hdr.schema_version == 1 && !frame.hdr.reserved);
	must(frame.hdr.seq == next && frame.hdr.uid == geteuid());
	must(frame.hdr.pid == (__u32)getpid());
	must(!memcmp(frame.hdr.session_id, session, sizeof(session)));
	must(!memcmp(frame.blob, "abc", 3));
	must(read(fd, &frame, sizeof(frame)) == 0);
	return !close(fd);
}

static bool lengths_at_the_bounds(void)
{
	static const size_t good[] = { 1, 2, 7, 8, 9, PAGE - 56, PAGE, 65535, 65536 };
	static const size_t bad[] = { 65537, 65536 * 2, 1u << 30, SIZE_MAX / 2, SIZE_MAX };
	int fd = open_empty();
	__u64 next;
	size_t i;

	must(fd >= 0);
	next = info_of(fd).next_seq;
	must(write(fd, blob, 0) == 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		must(write(fd, blob, bad[i]) == -1);
	must(fails(write(fd, blob, 65537), EMSGSIZE));
	must(info_of(fd).next_seq == next && !stats_of(fd).records_in_ring);
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		fill(blob, good[i], i);
		must(write(fd, blob, good[i]) == (ssize_t)good[i]);
	}
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		must(read(fd, &frame, sizeof(frame)) == (ssize_t)(MEMLOG_HEADER_BYTES + good[i]));
		must(frame.hdr.seq == next + i && frame.hdr.length == good[i]);
		must(is_filled(frame.blob, good[i], i));
	}
	return !close(fd);
}

/* Bytes that are mapped, next: each up to a page and more, and with the group "offsets" all. */
static bool at_every_offset;

static size_t after(size_t mapped)
{
	return mapped + 1 + (at_every_offset || mapped < PAGE + 200 ? 0 : mapped / 40);
}

/* A mapping of @pages that end where nothing is mapped. */
static unsigned char *before_a_hole(size_t pages)
{
	unsigned char *map = mmap(NULL, (pages + 1) * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || munmap(map + pages * PAGE, PAGE))
		return NULL;
	return map + pages * PAGE;
}

static bool unmapped_memory_stores_nothing(void)
{
	static const size_t lengths[] = { 1, 56, 300, PAGE, PAGE + 1, 65536 };
	volatile uintptr_t nowhere[] = { 0, 16, -PAGE };
	unsigned char *hole = before_a_hole(17);
	int fd = open_empty();
	__u64 next = info_of(fd).next_seq;
	size_t i, mapped;

	must(fd >= 0 && hole);
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (mapped = 0; mapped < lengths[i]; mapped = after(mapped))
			must(fails(write(fd, hole - mapped, lengths[i]), EFAULT));
	for (i = 0; i < 3; i++)
		must(fails(write(fd, (const void *)nowhere[i], 10), EFAULT));
	must(info_of(fd).next_seq == next && !stats_of(fd).records_in_ring);
	must(write(fd, hole - 300, 300) == 300);
	return !close(fd);
}

static bool a_record_stays_until_its_copy_succeeded(void)
{
	static const size_t lengths[] = { 1, 300, PAGE, 65536 };
	unsigned char *hole = before_a_hole(18);
	int fd = open_empty(), wanted;
	size_t i, mapped, bytes;

	must(fd >= 0 && hole);
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		bytes = MEMLOG_HEADER_BYTES + lengths[i];
		fill(blob, lengths[i], i);
		must(write(fd, blob, lengths[i]) == (ssize_t)lengths[i]);
		for (mapped = 0; mapped < bytes; mapped = after(mapped))
			must(fails(read(fd, hole - mapped, FRAME_MAX), EFAULT));
		for (mapped = 1; mapped < bytes; mapped = after(mapped))
			must(fails(read(fd, hole - mapped, mapped), EINVAL));
		must(!ioctl(fd, FIONREAD, &wanted) && wanted == (int)bytes);
		must(read(fd, hole - bytes, bytes) == (ssize_t)bytes);
		must(is_filled(hole - lengths[i], lengths[i], i));
		must(!ioctl(fd, FIONREAD, &wanted) && !wanted);
	}
	must(read(fd, &frame, sizeof(frame)) == 0);
	return !close(fd);
}

static bool bad_pointers_to_ioctls(void)
{
	static const unsigned long numbers[] = {
		MEMLOG_IOC_STATS, MEMLOG_IOC_SET_RING_SIZE, MEMLOG_IOC_FILTER_UID,
		MEMLOG_IOC_GET_VERSION, MEMLOG_IOC_SET_SESSION, MEMLOG_IOC_GET_INFO,
		MEMLOG_IOC_SET_DRAINED,
	};
	unsigned char *hole = before_a_hole(1);
	int fd = open_empty();
	size_t i, mapped;

	must(fd >= 0 && hole);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		for (mapped = 0; mapped < _IOC_SIZE(numbers[i]); mapped++)
			must(fails(ioctl(fd, numbers[i], hole - mapped), EFAULT));
	return !close(fd);
}

static bool writev_is_one_record(void)
{
	struct iovec parts[] = { { "one", 3 }, { "", 0 }, { "two", 3 }, { "three", 5 } };
	struct iovec into[] = { { &frame.hdr, 20 }, { (char *)&frame + 20, sizeof(frame) - 20 } };
	int fd = open_empty();

	must(fd >= 0);
	must(writev(fd, parts, 4) == 11);
	must(readv(fd, into, 2) == MEMLOG_HEADER_BYTES + 11);
	must(!memcmp(frame.blob, "onetwothree", 11));
	must(read(fd, &frame, sizeof(frame)) == 0);
	return !close(fd);
}

static bool seeking_rewinds(void)
{
	int fd = open_empty();

	must(fd >= 0);
	must(write(fd, "1", 1) == 1 && write(fd, "2", 1) == 1);
	must(count_new(fd) == 2 && count_new(fd) == 0);
	must(lseek(fd, 0, SEEK_SET) == 0 && count_new(fd) == 2);
	must(fails(lseek(fd, 1, SEEK_SET), ESPIPE));
	must(fails(lseek(fd, 0, SEEK_END), ESPIPE));
	must(fails(pread(fd, &frame, sizeof(frame), 0), ESPIPE));
	must(fails(pwrite(fd, "x", 1, 0), ESPIPE));
	return !close(fd);
}

static bool poll_sleeps_until_there_is_something(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = open_empty(), loop = epoll_create1(0);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	pid_t child;

	must(fd >= 0);
	must(poll(&ready, 1, 30) == 0);
	must(!epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event));
	must(epoll_wait(loop, &event, 1, 30) == 0);
	child = fork();
	if (!child) {
		usleep(50000);
		_exit(write(fd, "late", 4) != 4);
	}
	must(poll(&ready, 1, 20000) == 1 && ready.revents & POLLIN);
	must(epoll_wait(loop, &event, 1, 1000) == 1);
	waitpid(child, NULL, 0);
	must(count_new(fd) == 1);
	must(poll(&ready, 1, 0) == 0);
	/* Without a write too: epoll looks again only when it is told to. */
	must(epoll_wait(loop, &event, 1, 0) == 0);
	must(lseek(fd, 0, SEEK_SET) == 0);
	must(epoll_wait(loop, &event, 1, 1000) == 1);
	close(loop);
	return !close(fd);
}

static bool a_full_ring_evicts_whole_records_and_counts_them(void)
{
	int fd = open_empty(), reader = open_ring();
	__u32 size = MEMLOG_RING_MIN, bad = MEMLOG_RING_MIN - 1;
	struct memlog_info before, full;
	__u64 next = 0;

	must(fd >= 0 && reader >= 0);
	must(fails(ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &bad), EINVAL));
	bad = MEMLOG_RING_MAX + 1;
	must(fails(ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &bad), EINVAL));
	must(!ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size));
	before = info_of(fd);
	for (int i = 0; i < 3000; i++)
		must(write(fd, blob, 1 + i % 1500) == 1 + i % 1500);
	full = info_of(fd);
	must(full.next_seq == before.next_seq + 3000);
	must(full.evicted - before.evicted == full.oldest_seq - before.next_seq);
	must(stats_of(fd).ring_bytes <= size);
	while (read(reader, &frame, sizeof(frame)) > 0) {
		must(!next || frame.hdr.seq == next);
		next = frame.hdr.seq + 1;
	}
	must(next == full.next_seq);
	size = MEMLOG_RING_DEFAULT;
	must(!ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size));
	close(reader);
	return !close(fd);
}

static bool a_ring_is_as_small_and_as_large_as_the_bounds_say(void)
{
	static const __u32 sizes[] = { MEMLOG_RING_MAX, MEMLOG_RING_MIN, MEMLOG_RING_MIN + 1, 99999 };
	int fd = open_empty();
	__u64 seq = info_of(fd).next_seq;

	must(fd >= 0 && write(fd, "stays", 5) == 5);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		__u32 size = sizes[i];

		must(!ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size));
		must(stats_of(fd).ring_capacity == size && info_of(fd).capacity == size);
		must(lseek(fd, 0, SEEK_SET) == 0);
		must(read(fd, &frame, sizeof(frame)) == MEMLOG_HEADER_BYTES + 5 && frame.hdr.seq == seq);
	}
	close(open_empty());
	return !close(fd);
}

static bool clear_is_counted_and_the_drained_mark_only_grows(void)
{
	int fd = open_empty();
	struct memlog_info info = info_of(fd);
	__u64 mark = info.next_seq + 1, wrong = info.next_seq + 2;

	must(fd >= 0);
	must(write(fd, "1", 1) == 1 && write(fd, "2", 1) == 1);
	must(fails(ioctl(fd, MEMLOG_IOC_SET_DRAINED, &wrong), EINVAL));
	must(!ioctl(fd, MEMLOG_IOC_SET_DRAINED, &mark));
	must(info_of(fd).drained_seq == mark);
	mark--;
	ioctl(fd, MEMLOG_IOC_SET_DRAINED, &mark);
	must(info_of(fd).drained_seq == mark + 1);
	must(!ioctl(fd, MEMLOG_IOC_CLEAR));
	must(info_of(fd).cleared == info.cleared + 2);
	must(info_of(fd).next_seq == info.next_seq + 2);
	must(count_new(fd) == 0);
	return !close(fd);
}

static bool writes_at_every_offset(void)
{
	at_every_offset = true;
	return unmapped_memory_stores_nothing();
}

static bool reads_at_every_offset(void)
{
	at_every_offset = true;
	return a_record_stays_until_its_copy_succeeded();
}

const struct probe offset_cases[] = {
	{ "a write stores nothing at whichever byte unmapped memory begins", writes_at_every_offset },
	{ "a record stays at whichever byte unmapped memory begins", reads_at_every_offset },
	{}
};

const struct probe contract_cases[] = {
	{ "a record comes back with the kernel's stamps", stamps_are_the_kernels },
	{ "0, 1, 65535 and 65536 bytes are taken, 65537 to SIZE_MAX are not", lengths_at_the_bounds },
	{ "a write from unmapped memory stores nothing", unmapped_memory_stores_nothing },
	{ "a record stays until its copy succeeded", a_record_stays_until_its_copy_succeeded },
	{ "every ioctl says EFAULT at every byte", bad_pointers_to_ioctls },
	{ "writev is one record", writev_is_one_record },
	{ "seeking to 0 rewinds, nothing else", seeking_rewinds },
	{ "poll and epoll sleep until there is something", poll_sleeps_until_there_is_something },
	{ "a full ring evicts whole records and counts them", a_full_ring_evicts_whole_records_and_counts_them },
	{ "a ring is as small and as large as the bounds say", a_ring_is_as_small_and_as_large_as_the_bounds_say },
	{ "clear is counted, the drained mark only grows", clear_is_counted_and_the_drained_mark_only_grows },
	{}
};
