// SPDX-License-Identifier: GPL-2.0-only
/* users.c - two members, one who is none, and root */

#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "probe.h"

enum { ALICE = 3001, BOB = 3002, OUTSIDER = 3003, CAROL = 3004, SUBORDINATE = 100000 };

static struct frame frame;
static unsigned char blob[MEMLOG_MAX_BLOB];

static bool writes(void *count)
{
	int fd = open_ring();

	must(fd >= 0);
	for (long i = 0; i < *(long *)count; i++)
		must(write(fd, blob, 100) == 100);
	return !close(fd);
}

static bool floods(void *unused)
{
	int fd = open_ring();

	(void)unused;
	must(fd >= 0);
	for (int i = 0; i < 2000; i++)
		must(write(fd, blob, 65000) == 65000);
	return !close(fd);
}

static bool sees_ten(void *unused)
{
	struct memlog_stats stats;
	int fd = open_ring();
	long count = 0;

	(void)unused;
	must(fd >= 0);
	stats = stats_of(fd);
	must(stats.total_writes == 10 && stats.records_in_ring == 10);
	must(!stats.total_evictions && stats.ring_bytes < 4096);
	must(stats.ring_capacity == MEMLOG_RING_DEFAULT);
	while (read(fd, &frame, sizeof(frame)) > 0) {
		must(frame.hdr.uid == ALICE && frame.hdr.seq == (__u64)++count);
		must(frame.hdr.ts_ns >= stats.oldest_ts_ns);
		must(frame.hdr.ts_ns <= stats.newest_ts_ns);
	}
	must(count == 10);
	return !close(fd);
}

static bool a_flood_does_not_touch_another_users_ring(void)
{
	long ten = 10;

	must(holds_as(ALICE, true, writes, &ten));
	must(holds_as(BOB, true, floods, NULL));
	return holds_as(ALICE, true, sees_ten, NULL);
}

static bool is_refused(void *unused)
{
	__u32 everybody = 0, alice = ALICE, own = BOB, size = MEMLOG_RING_MIN;
	int fd = open_ring();

	(void)unused;
	must(fd >= 0);
	must(fails(ioctl(fd, MEMLOG_IOC_FILTER_UID, &everybody), EPERM));
	must(fails(ioctl(fd, MEMLOG_IOC_FILTER_UID, &alice), EPERM));
	must(!ioctl(fd, MEMLOG_IOC_FILTER_UID, &own));
	must(fails(ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size), EPERM));
	must(!ioctl(fd, MEMLOG_IOC_CLEAR));
	must(!stats_of(fd).records_in_ring);
	return !close(fd);
}

static bool nobody_may_ask_for_anothers(void)
{
	must(holds_as(BOB, true, is_refused, NULL));
	return holds_as(ALICE, true, sees_ten, NULL);
}

static bool cannot_open(void *unused)
{
	(void)unused;
	must(fails(open_ring(), EACCES));
	must(fails(open(DEVICE, O_RDONLY), EACCES));
	return true;
}

static bool an_outsider_gets_no_further_than_open(void)
{
	return holds_as(OUTSIDER, false, cannot_open, NULL);
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return false;
	return !close(fd);
}

/*
 * An outsider to whom the node's mode is open. Inside a user namespace of its own
 * it can be a member of any group by number; the ring must not believe it.
 */
static bool cannot_write_through_a_namespace(void *unused)
{
	int early = open_ring(), late;
	char map[64];

	(void)unused;
	must(early >= 0 && fails(write(early, "in", 2), EACCES));
	must(!unshare(CLONE_NEWUSER));
	must(put("/proc/self/setgroups", "deny"));
	snprintf(map, sizeof(map), "%d %d 1", WRITERS_GID, OUTSIDER);
	must(put("/proc/self/gid_map", map));
	snprintf(map, sizeof(map), "0 %d 1", OUTSIDER);
	must(put("/proc/self/uid_map", map));
	must(getegid() == WRITERS_GID && geteuid() == 0);
	late = open_ring();
	must(late >= 0);
	must(fails(write(early, "in", 2), EACCES));
	must(fails(write(late, "in", 2), EACCES));
	must(info_of(late).uid == OUTSIDER && info_of(late).next_seq == 1);
	must(!filter(late, 0) && errno == EPERM);
	return true;
}

static bool a_namespace_opens_no_gate(void)
{
	bool held;

	must(!chmod(DEVICE, 0666));
	held = holds_as(OUTSIDER, false, cannot_write_through_a_namespace, NULL);
	must(!chmod(DEVICE, 0660));
	return held;
}

static bool root_sees_all_in_order_of_time(void)
{
	int fd = open_ring();
	long by_uid[3] = {};
	__u64 before = 0;

	must(fd >= 0 && write(fd, "root", 4) == 4);
	must(filter(fd, 0));
	while (read(fd, &frame, sizeof(frame)) > 0) {
		must(frame.hdr.ts_ns >= before);
		before = frame.hdr.ts_ns;
		by_uid[frame.hdr.uid == ALICE ? 0 : frame.hdr.uid == BOB ? 1 : 2]++;
	}
	must(by_uid[0] == 10 && by_uid[2] >= 1);
	must(filter(fd, ALICE));
	must(info_of(fd).uid == ALICE && info_of(fd).next_seq == 11);
	must(lseek(fd, 0, SEEK_SET) == 0 && count_new(fd) == 10);
	must(stats_of(fd).total_writes >= 2011);
	return !close(fd);
}

static int mark(uid_t whose, __u64 seq)
{
	int fd = open_ring(), err = 0;

	if (whose != geteuid() && !filter(fd, whose))
		err = errno;
	else if (ioctl(fd, MEMLOG_IOC_SET_DRAINED, &seq))
		err = errno;
	close(fd);
	return err;
}

/* The errno of a mark on Alice's ring set by a capable process of that uid, which then ends. */
static int mark_as(uid_t uid, __u64 seq)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (prctl(PR_SET_KEEPCAPS, 1) || setresuid(uid, uid, uid) ||
		    syscall(SYS_capget, &header, caps))
			_exit(255);
		caps[0].effective = caps[0].permitted;
		caps[1].effective = caps[1].permitted;
		if (syscall(SYS_capset, &header, caps))
			_exit(255);
		_exit(mark(ALICE, seq));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool alice_marks(void *seq)
{
	return !mark(ALICE, *(__u64 *)seq);
}

static bool every_witness_has_a_mark_and_the_least_counts(void)
{
	__u64 four = 4, ten = 10;
	int fd = open_ring();

	must(filter(fd, ALICE) && info_of(fd).next_seq == 11);
	must(!mark_as(0, 10) && info_of(fd).drained_seq == 10);
	must(holds_as(ALICE, true, alice_marks, &four));
	must(info_of(fd).drained_seq == 4 && info_of(fd).archived_seq == 10);
	must(!mark_as(5001, 7) && !mark_as(5002, 8));
	must(mark_as(5003, 9) == ENOSPC && mark_as(5001, 11) == EINVAL);
	must(holds_as(ALICE, true, alice_marks, &ten));
	must(info_of(fd).drained_seq == 7);
	must(!mark_as(5001, 3) && info_of(fd).drained_seq == 7);
	must(!mark_as(5001, 10) && !mark_as(5002, 10));
	must(info_of(fd).drained_seq == 10);
	return !close(fd);
}

static bool a_uid_without_a_ring_has_an_empty_one(void)
{
	struct pollfd ready = { .events = POLLIN };
	__u64 none = 0, one = 1;
	int fd = open_ring(), wanted = -1;

	must(filter(fd, 77777));
	must(info_of(fd).uid == 77777 && info_of(fd).next_seq == 1);
	must(info_of(fd).capacity == MEMLOG_RING_DEFAULT);
	must(read(fd, &frame, sizeof(frame)) == 0);
	must(!ioctl(fd, FIONREAD, &wanted) && !wanted);
	ready.fd = fd;
	must(poll(&ready, 1, 10) == 0);
	must(!ioctl(fd, MEMLOG_IOC_SET_DRAINED, &none));
	must(fails(ioctl(fd, MEMLOG_IOC_SET_DRAINED, &one), EINVAL));
	return !close(fd);
}

/* epoll takes a file's queue once, and FILTER_UID may come after that. */
static bool epoll_follows_the_filter(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = open_ring(), loop = epoll_create1(0);
	long one = 1;

	must(fd >= 0 && count_new(fd) >= 0);
	must(!epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event));
	must(epoll_wait(loop, &event, 1, 0) == 0);
	must(filter(fd, 0) && epoll_wait(loop, &event, 1, 1000) == 1);
	must(count_new(fd) > 0 && epoll_wait(loop, &event, 1, 0) == 0);
	must(holds_as(CAROL, true, writes, &one));
	must(epoll_wait(loop, &event, 1, 1000) == 1 && count_new(fd) == 1);
	close(loop);
	return !close(fd);
}

static bool uses_the_device(void *unused)
{
	int fd = open_ring();

	(void)unused;
	must(fd >= 0 && write(fd, blob, 100) == 100);
	must(read(fd, &frame, sizeof(frame)) > 0);
	return !close(fd);
}

static bool says_something(int watch)
{
	char events[4096];

	return read(watch, events, sizeof(events)) > 0;
}

static bool no_watch_tells_of_anothers_writes(void)
{
	int watch = inotify_init1(IN_NONBLOCK), null;
	bool watched;

	if (watch < 0 && errno == ENOSYS) {
		fprintf(stderr, "# a kernel without inotify: not tried\n");
		return true;
	}
	must(!setegid(WRITERS_GID) && !seteuid(BOB));
	watched = inotify_add_watch(watch, DEVICE, IN_ALL_EVENTS) > 0 &&
		  inotify_add_watch(watch, "/dev", IN_ALL_EVENTS) > 0;
	must(!seteuid(0) && !setegid(0) && watched);
	must(holds_as(CAROL, true, uses_the_device, NULL));
	must(!says_something(watch));
	null = open("/dev/null", O_WRONLY);	/* the watch is not blind */
	must(null >= 0 && says_something(watch));
	close(watch);
	return !close(null);
}

static bool map_uids(pid_t pid, uid_t owner)
{
	char path[64], map[64];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(map, sizeof(map), "0 %d 1\n1 %d 1000\n", owner, SUBORDINATE);
	return put(path, map);
}

/* The errno of an open() as the number @uid of a namespace that @owner made. */
static int open_inside(uid_t owner, uid_t uid)
{
	const gid_t group = WRITERS_GID;
	int made[2], mapped[2], status;
	char byte = 0;
	pid_t pid;

	if (pipe(made) || pipe(mapped))
		return -1;
	pid = fork();
	if (!pid) {
		if (setgroups(1, &group) || setresuid(owner, owner, owner))
			_exit(255);
		prctl(PR_SET_DUMPABLE, 1);
		if (unshare(CLONE_NEWUSER) || write(made[1], &byte, 1) != 1 ||
		    read(mapped[0], &byte, 1) != 1 || setresuid(uid, uid, uid))
			_exit(254);
		_exit(open_ring() < 0 ? errno : 0);
	}
	if (read(made[0], &byte, 1) != 1 || !map_uids(pid, owner) ||
	    write(mapped[1], &byte, 1) != 1)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	for (int i = 0; i < 2; i++)
		close(made[i]), close(mapped[i]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool subordinate_uids_get_no_rings(void)
{
	must(open_inside(CAROL, 0) == 0);
	must(open_inside(CAROL, 1) == EACCES);
	must(open_inside(CAROL, 1000) == EACCES);
	return open_inside(0, 1) == 0;	/* root's containers keep theirs */
}

const struct probe user_cases[] = {
	{ "a flood does not touch another user's ring, nor its counters", a_flood_does_not_touch_another_users_ring },
	{ "nobody may ask for another's records, nor for all", nobody_may_ask_for_anothers },
	{ "an outsider gets no further than open()", an_outsider_gets_no_further_than_open },
	{ "a user namespace opens no gate", a_namespace_opens_no_gate },
	{ "root sees all, in order of time", root_sees_all_in_order_of_time },
	{ "every witness has a mark, and the least counts", every_witness_has_a_mark_and_the_least_counts },
	{ "a uid without a ring has an empty one", a_uid_without_a_ring_has_an_empty_one },
	{ "epoll follows FILTER_UID", epoll_follows_the_filter },
	{ "no inotify watch tells of another's writes", no_watch_tells_of_anothers_writes },
	{ "a user's subordinate uids take no rings", subordinate_uids_get_no_rings },
	{}
};
