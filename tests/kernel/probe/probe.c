// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe.c - what the contract of /dev/memlog says, tried on a running kernel
 *
 *	probe [GROUP...]	contract files users race module compat memory offsets drain
 *				failslab latency trace; TAP; exits 1 where a claim did not hold
 *
 * One static program, so that a guest needs nothing else.
 */

#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "probe.h"

static const struct {
	const char *name;
	const struct probe *cases;
} groups[] = {
	{ "contract", contract_cases },
	{ "users", user_cases },
	{ "race", race_cases },
	{ "module", module_cases },
	{ "compat", compat_cases },
	{ "drain", drain_cases },
	{ "failslab", failslab_cases },
	{ "latency", latency_cases },
	{ "trace", trace_cases },
	{ "files", file_cases },
	{ "offsets", offset_cases },
	{ "memory", memory_cases },
};

int open_ring(void)
{
	return open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

int open_empty(void)
{
	int fd = open_ring();
	__u32 size = MEMLOG_RING_DEFAULT;

	if (fd < 0)
		return fd;
	ioctl(fd, MEMLOG_IOC_CLEAR);
	ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size);
	return fd;
}

bool fails(long result, int error)
{
	if (result == -1 && errno == error)
		return true;
	fprintf(stderr, "# got %ld (%s), wanted %s\n", result, strerror(errno),
		strerror(error));
	return false;
}

struct memlog_info info_of(int fd)
{
	struct memlog_info info = {};

	ioctl(fd, MEMLOG_IOC_GET_INFO, &info);
	return info;
}

struct memlog_stats stats_of(int fd)
{
	struct memlog_stats stats = {};

	ioctl(fd, MEMLOG_IOC_STATS, &stats);
	return stats;
}

long count_new(int fd)
{
	static struct frame frame;
	long count = 0;
	ssize_t got;

	while ((got = read(fd, &frame, sizeof(frame))) > 0)
		count++;
	return got ? -1 : count;
}

bool filter(int fd, uint32_t uid)
{
	return !ioctl(fd, MEMLOG_IOC_FILTER_UID, &uid);
}

void fill(unsigned char *blob, size_t length, uint64_t key)
{
	size_t i;

	for (i = 0; i < length; i++)
		blob[i] = (key * 2654435761u + i * 7) >> 3;
}

bool is_filled(const unsigned char *blob, size_t length, uint64_t key)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (blob[i] != (unsigned char)((key * 2654435761u + i * 7) >> 3))
			return false;
	return true;
}

bool holds_as(uid_t uid, bool member, bool (*claim)(void *), void *arg)
{
	const gid_t group = WRITERS_GID;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgroups(member, &group) || setresgid(uid, uid, uid) ||
		    setresuid(uid, uid, uid))
			_exit(2);
		/* Its /proc/self stays its own, so that it can map a namespace. */
		prctl(PR_SET_DUMPABLE, 1);
		_exit(!claim(arg));
	}
	waitpid(pid, &status, 0);
	return !status;
}

static int run(const struct probe *probe, int number)
{
	bool held;

	fflush(stdout);
	held = probe->holds();
	printf("%sok %d - %s\n", held ? "" : "not ", number, probe->name);
	return !held;
}

int main(int argc, char **argv)
{
	int failed = 0, number = 0;
	size_t g;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++)
		for (g = 0; g < sizeof(groups) / sizeof(*groups); g++) {
			if (strcmp(argv[i], groups[g].name))
				continue;
			for (const struct probe *p = groups[g].cases; p->name; p++)
				failed += run(p, ++number);
		}
	printf("1..%d\n", number);
	return failed || !number;
}
