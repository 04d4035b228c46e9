// SPDX-License-Identifier: GPL-2.0-only
/* files.c - what else a program may do with an open file of the device */

#include <limits.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "probe.h"

#define SEGMENTS	1024	/* the most a call takes */
#define SIZES		200

enum { ALICE = 3011, BOB = 3012, OUTSIDER = 3013 };

static struct frame frame;
static unsigned char blob[MEMLOG_MAX_BLOB + SEGMENTS];

static bool how_it_is_opened_says_what_it_does(void)
{
	int both = open_empty(), writer = open(DEVICE, O_WRONLY), reader = open(DEVICE, O_RDONLY);
	int odd = open(DEVICE, O_RDWR | O_APPEND | O_TRUNC | O_SYNC | O_CREAT, 0600);
	int path = open(DEVICE, O_PATH);

	must(both >= 0 && writer >= 0 && reader >= 0 && odd >= 0 && path >= 0);
	must(fails(open(DEVICE, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST));
	must(fails(open(DEVICE, O_RDWR | O_DIRECTORY), ENOTDIR));
	must(write(writer, "in", 2) == 2 && fails(read(writer, &frame, sizeof(frame)), EBADF));
	must(read(reader, &frame, sizeof(frame)) == MEMLOG_HEADER_BYTES + 2);
	must(fails(write(reader, "in", 2), EBADF));
	must(fails(read(path, &frame, sizeof(frame)), EBADF));
	must(write(odd, "too", 3) == 3 && count_new(odd) == 2);	/* O_TRUNC took nothing */
	must(stats_of(writer).records_in_ring == 2 && stats_of(reader).records_in_ring == 2);
	/* Clients of the contract clear through a file opened for reading. */
	must(!ioctl(reader, MEMLOG_IOC_CLEAR) && !stats_of(both).records_in_ring);
	return !close(both) && !close(writer) && !close(reader) && !close(odd) && !close(path);
}

static bool copies_of_a_descriptor_are_one_reader(void)
{
	static const unsigned char session[MEMLOG_SESSION_BYTES] = "shared";
	int fd = open_empty(), other, status;
	pid_t child;

	must(fd >= 0 && (other = dup(fd)) >= 0);
	must(!ioctl(other, MEMLOG_IOC_SET_SESSION, session));
	must(write(fd, "parent", 6) == 6);
	child = fork();
	if (!child)
		_exit(!(write(fd, "child", 5) == 5 &&
			read(fd, &frame, sizeof(frame)) == MEMLOG_HEADER_BYTES + 6));
	must(waitpid(child, &status, 0) == child && !status);
	must(read(other, &frame, sizeof(frame)) == MEMLOG_HEADER_BYTES + 5);
	must(frame.hdr.pid == (__u32)child && !memcmp(frame.hdr.session_id, session, sizeof(session)));
	must(!close(fd) && read(other, &frame, sizeof(frame)) == 0);
	must(write(other, "on", 2) == 2 && count_new(other) == 1);
	return !close(other);
}

static int opened_as(uid_t uid)
{
	int fd;

	if (setegid(WRITERS_GID) || seteuid(uid))
		return -1;
	fd = open_ring();
	return seteuid(0) || setegid(0) ? -1 : fd;
}

static bool is_still_its_openers(void *arg)
{
	int fd = *(int *)arg;

	must(write(fd, "late", 4) == 4);
	must(lseek(fd, 0, SEEK_SET) == 0 && read(fd, &frame, sizeof(frame)) > 0);
	must(frame.hdr.uid == ALICE && frame.hdr.pid == (__u32)getpid());
	must(!filter(fd, OUTSIDER) && errno == EPERM && !filter(fd, 0) && errno == EPERM);
	must(info_of(fd).uid == ALICE);
	return !ioctl(fd, MEMLOG_IOC_CLEAR);
}

static bool a_file_is_its_openers_whoever_uses_it(void)
{
	int fd = opened_as(ALICE), own = open_ring(), ends[2];
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec one = { &byte, 1 };
	struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1,
				  .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	long before = stats_of(own).records_in_ring;

	must(fd >= 0 && own >= 0 && !socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	must(is_still_its_openers(&fd));	/* root is no more than Alice with it */
	must(holds_as(BOB, true, is_still_its_openers, &fd));
	must(holds_as(OUTSIDER, false, is_still_its_openers, &fd));
	/* The same sent through a socket. */
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	must(sendmsg(ends[0], &message, 0) == 1 && !close(fd));
	must(recvmsg(ends[1], &message, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	must(holds_as(OUTSIDER, false, is_still_its_openers, &fd));
	must(stats_of(own).records_in_ring == (__u64)before);
	close(ends[0]);
	close(ends[1]);
	return !close(fd) && !close(own);
}

static bool segments_of_any_size_are_one_record(void)
{
	static struct iovec parts[SEGMENTS + 1];
	int fd = open_empty();
	size_t i;

	must(fd >= 0);
	fill(blob, sizeof(blob), 5);
	for (i = 0; i <= SEGMENTS; i++)
		parts[i] = (struct iovec){ blob + 64 * i, 64 };
	must(writev(fd, parts, SEGMENTS) == MEMLOG_MAX_BLOB);
	must(fails(writev(fd, parts, SEGMENTS + 1), EINVAL));
	parts[7].iov_len = 65;
	must(fails(writev(fd, parts, SEGMENTS), EMSGSIZE));
	parts[7].iov_len = 64;
	parts[1000].iov_base = NULL;
	must(fails(writev(fd, parts, SEGMENTS), EFAULT));
	parts[0].iov_len = (size_t)SSIZE_MAX + 1;
	must(fails(writev(fd, parts, 2), EINVAL));
	must(writev(fd, parts, 0) == 0);
	must(read(fd, &frame, sizeof(frame)) == FRAME_MAX && is_filled(frame.blob, MEMLOG_MAX_BLOB, 5));

	/* Read into bytes that lie apart, the last before the first, with nothing between. */
	must(write(fd, blob, 400) == 400);
	for (i = 0; i < 456; i++) {
		parts[2 * i] = (struct iovec){ (char *)&frame + 455 - i, 1 };
		parts[2 * i + 1] = (struct iovec){ NULL, 0 };
	}
	must(fails(readv(fd, parts, 911 - 1), EINVAL));
	parts[300].iov_base = NULL;
	must(fails(readv(fd, parts, 912), EFAULT));
	parts[300].iov_base = (char *)&frame + 455 - 150;
	must(readv(fd, parts, 912) == 456);
	for (i = 0; i < 400; i++)
		must(((unsigned char *)&frame)[399 - i] == blob[i]);
	must(count_new(fd) == 0);
	return !close(fd);
}

static bool nothing_else_takes_or_stores_a_record(void)
{
	int fd = open_empty(), ends[2], file = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct iovec one = { &frame, sizeof(frame) };
	loff_t at = 0;

	must(fd >= 0 && file >= 0 && !pipe(ends));
	must(write(fd, "stays", 5) == 5 && write(file, "file", 4) == 4 && write(ends[1], "pipe", 4) == 4);
	must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
	must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == ENODEV);
	must(fails(sendfile(file, fd, NULL, 100), EINVAL));
	must(sendfile(fd, file, &(off_t){ 0 }, 4) == -1);
	must(fails(splice(fd, NULL, ends[1], NULL, 100, 0), EINVAL));
	must(fails(splice(ends[0], NULL, fd, NULL, 4, 0), EINVAL));
	must(splice(fd, &at, ends[1], NULL, 100, 0) == -1);
	must(copy_file_range(fd, NULL, file, NULL, 100, 0) == -1);
	must(copy_file_range(file, &at, fd, NULL, 4, 0) == -1);
	must(fails(ftruncate(fd, 0), EINVAL) && fails(fsync(fd), EINVAL));
	must(fallocate(fd, 0, 0, 100) == -1);
	must(fails(preadv(fd, &one, 1, 0), ESPIPE) && fails(pwritev(fd, &one, 1, 0), ESPIPE));
	must(fails(lseek(fd, 0, SEEK_CUR), ESPIPE) && fails(lseek(fd, -1, SEEK_SET), ESPIPE));
	must(fails(lseek(fd, 0, SEEK_DATA), ESPIPE));
	must(stats_of(fd).records_in_ring == 1);
	/* Without an offset of its own it is a read. */
	must(preadv2(fd, &one, 1, -1, 0) == MEMLOG_HEADER_BYTES + 5);
	close(ends[0]);
	close(ends[1]);
	return !close(file) && !close(fd);
}

static bool is_ours(unsigned long number)
{
	static const unsigned long ours[] = {
		MEMLOG_IOC_STATS, MEMLOG_IOC_CLEAR, MEMLOG_IOC_SET_RING_SIZE, MEMLOG_IOC_FILTER_UID,
		MEMLOG_IOC_GET_VERSION, MEMLOG_IOC_SET_SESSION, MEMLOG_IOC_GET_INFO, MEMLOG_IOC_SET_DRAINED,
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (ours[i] == number)
			return true;
	return false;
}

static bool every_other_ioctl_is_unknown(void)
{
	int fd = open_empty();

	must(fd >= 0 && write(fd, "stays", 5) == 5);
	for (unsigned int way = 0; way < 4; way++)
		for (unsigned int nr = 0; nr < 20; nr++)
			for (unsigned int size = 0; size < SIZES; size++) {
				unsigned long number = _IOC(way, MEMLOG_IOC_MAGIC, nr, size);

				if (!is_ours(number))
					must(fails(ioctl(fd, number, &frame), ENOTTY));
			}
	must(fails(ioctl(fd, _IOC(_IOC_NONE, 0xCC, 2, 0)), ENOTTY));
	must(stats_of(fd).records_in_ring == 1);
	return !close(fd);
}

/* Every byte of an answer is the ring's, and none beyond it is touched. */
static bool answers_have_no_holes(void)
{
	unsigned char answers[2][256];
	int fd = open_empty();
	size_t i;

	must(fd >= 0 && write(fd, "x", 1) == 1);
	memset(answers[0], 0x00, sizeof(*answers));
	memset(answers[1], 0xff, sizeof(*answers));
	for (i = 0; i < 2; i++)
		must(!ioctl(fd, MEMLOG_IOC_GET_INFO, answers[i]));
	must(!memcmp(answers[0], answers[1], sizeof(struct memlog_info)));
	must(!((struct memlog_info *)answers[1])->reserved);
	for (i = sizeof(struct memlog_info); i < sizeof(*answers); i++)
		must(!answers[0][i] && answers[1][i] == 0xff);
	memset(answers[0], 0x00, sizeof(*answers));
	memset(answers[1], 0xff, sizeof(*answers));
	for (i = 0; i < 2; i++)
		must(!ioctl(fd, MEMLOG_IOC_STATS, answers[i]));
	must(!memcmp(answers[0], answers[1], sizeof(struct memlog_stats)));
	for (i = sizeof(struct memlog_stats); i < sizeof(*answers); i++)
		must(!answers[0][i] && answers[1][i] == 0xff);
	return !close(fd);
}

static bool a_ring_made_smaller_than_its_record_keeps_it(void)
{
	int fd = open_empty(), early = open_ring();
	__u32 size = MEMLOG_RING_MIN;
	struct memlog_info before;

	must(fd >= 0 && early >= 0);
	for (int i = 0; i < 30; i++) {
		fill(blob, MEMLOG_MAX_BLOB, i);
		must(write(fd, blob, MEMLOG_MAX_BLOB) == MEMLOG_MAX_BLOB);
	}
	must(read(early, &frame, sizeof(frame)) == FRAME_MAX);
	before = info_of(fd);
	must(!ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size));
	must(info_of(fd).capacity == size && info_of(fd).oldest_seq == before.next_seq - 1);
	must(info_of(fd).evicted == before.evicted + 29);
	must(read(early, &frame, sizeof(frame)) == FRAME_MAX && is_filled(frame.blob, MEMLOG_MAX_BLOB, 29));
	must(frame.hdr.seq == before.next_seq - 1 && count_new(early) == 0);
	must(write(fd, "after", 5) == 5 && read(early, &frame, sizeof(frame)) == MEMLOG_HEADER_BYTES + 5);
	must(stats_of(fd).records_in_ring == 1);
	close(open_empty());
	return !close(early) && !close(fd);
}

static atomic_bool stop;
static atomic_long stored;

static void *store_forever(void *unused)
{
	int fd = open_ring();

	(void)unused;
	while (!stop && write(fd, blob, MEMLOG_MAX_BLOB) == MEMLOG_MAX_BLOB)
		stored++;
	close(fd);
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Each write into the smallest ring evicts the record its reader is at. */
static bool a_slow_reader_of_the_smallest_ring_loses_and_goes_on(void)
{
	int fd = open_empty(), got = 0;
	__u32 size = MEMLOG_RING_MIN;
	__u64 last = 0, lost = 0, first;
	double longest = 0, began;
	pthread_t writers[6];

	must(fd >= 0 && !ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size));
	first = info_of(fd).next_seq;
	fill(blob, MEMLOG_MAX_BLOB, 9);
	stop = false;
	stored = 0;
	for (int i = 0; i < 6; i++)
		pthread_create(&writers[i], NULL, store_forever, NULL);
	for (int i = 0; i < 60; i++) {
		ssize_t bytes;

		usleep(20000);
		began = now();
		bytes = read(fd, &frame, sizeof(frame));
		if (now() - began > longest)
			longest = now() - began;
		if (!bytes)
			continue;
		must(bytes == FRAME_MAX && is_filled(frame.blob, MEMLOG_MAX_BLOB, 9));
		must(frame.hdr.seq > last);
		lost += frame.hdr.seq - (last ? last + 1 : first);
		last = frame.hdr.seq;
		got++;
	}
	stop = true;
	for (int i = 0; i < 6; i++)
		pthread_join(writers[i], NULL);
	fprintf(stderr, "# written %ld, read %d, lost %llu to a slow reader, its longest read %.3f s\n",
		stored, got, (unsigned long long)lost, longest);
	must(got > 20 && lost + got == last - first + 1);
	must(info_of(fd).next_seq - first == (__u64)stored && longest < 5);
	close(open_empty());
	return !close(fd);
}

struct reader {
	int fd;
	void *to;
	atomic_long got;
};

static void *read_once(void *arg)
{
	struct reader *reader = arg;

	reader->got = read(reader->fd, reader->to, PAGE);
	return NULL;
}

/* A page that comes only when its owner is told to; NULL where the kernel has none such. */
static void *page_that_comes_late(int *owner)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register watched = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*owner = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (*owner < 0 || page == MAP_FAILED || ioctl(*owner, UFFDIO_API, &api))
		return NULL;
	watched.range.start = (uintptr_t)page;
	watched.range.len = PAGE;
	return ioctl(*owner, UFFDIO_REGISTER, &watched) ? NULL : page;
}

/* It sleeps in the middle of its copy, inside the call. */
static bool a_reader_that_sleeps_in_its_copy_stops_nobody(void)
{
	struct reader reader = { .fd = open_empty(), .got = -2 };
	struct uffdio_zeropage late = { .range.len = PAGE };
	int other = open_ring(), owner;
	__u32 size = 1 << 20;
	pthread_t thread;

	must(reader.fd >= 0 && other >= 0 && write(other, "one", 3) == 3);
	reader.to = page_that_comes_late(&owner);
	if (!reader.to && errno == ENOSYS) {
		fprintf(stderr, "# a kernel without userfaultfd: not tried\n");
		return !close(reader.fd) && !close(other);
	}
	must(reader.to);
	pthread_create(&thread, NULL, read_once, &reader);
	usleep(200000);
	must(reader.got == -2);
	must(write(reader.fd, "two", 3) == 3 && write(other, "three", 5) == 5);
	must(stats_of(reader.fd).records_in_ring == 3 && count_new(other) == 3);
	must(!ioctl(other, MEMLOG_IOC_SET_RING_SIZE, &size) && info_of(other).capacity == size);
	must(!ioctl(other, MEMLOG_IOC_CLEAR) && !info_of(other).ring_bytes);
	must(reader.got == -2);
	late.range.start = (uintptr_t)reader.to;
	must(!ioctl(owner, UFFDIO_ZEROPAGE, &late));
	pthread_join(thread, NULL);
	must(reader.got == MEMLOG_HEADER_BYTES + 3 && !memcmp(reader.to + MEMLOG_HEADER_BYTES, "one", 3));
	must(count_new(reader.fd) == 0);
	close(open_empty());
	return !close(reader.fd) && !close(other) && !close(owner);
}

const struct probe file_cases[] = {
	{ "how it is opened says what it does", how_it_is_opened_says_what_it_does },
	{ "copies of a descriptor are one reader", copies_of_a_descriptor_are_one_reader },
	{ "a file is its opener's, whoever uses it", a_file_is_its_openers_whoever_uses_it },
	{ "segments of any size are one record", segments_of_any_size_are_one_record },
	{ "nothing but read and write takes or stores a record", nothing_else_takes_or_stores_a_record },
	{ "every other ioctl is unknown", every_other_ioctl_is_unknown },
	{ "answers have no holes", answers_have_no_holes },
	{ "a ring made smaller than its record keeps it", a_ring_made_smaller_than_its_record_keeps_it },
	{ "a slow reader of the smallest ring loses and goes on", a_slow_reader_of_the_smallest_ring_loses_and_goes_on },
	{ "a reader that sleeps in its copy stops nobody", a_reader_that_sleeps_in_its_copy_stops_nobody },
	{}
};
