// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - whose memory a ring takes: the cgroup of who wrote first */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "probe.h"

#define CGROUPS	"/tmp/cgroups"
#define GROUP	CGROUPS "/writers"

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

static long in_use(void)
{
	char text[32] = "";
	int fd = open(GROUP "/memory.current", O_RDONLY);
	bool said = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0;

	close(fd);
	return said ? atol(text) : -1;
}

/* Exit code of one who joins the group and writes one byte: 0, or the errno. */
static int writes_inside(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int fd = open_ring();

		if (!put(GROUP "/cgroup.procs", "0"))
			_exit(255);
		_exit(write(fd, "x", 1) == 1 ? 0 : errno);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool a_ring_is_its_writers_memory(void)
{
	int fd = open_empty();
	long before, after;

	must(fd >= 0 && (!mkdir(CGROUPS, 0700) || errno == EEXIST));
	must(!mount("cgroup2", CGROUPS, "cgroup2", 0, NULL) || errno == EBUSY);
	must(put(CGROUPS "/cgroup.subtree_control", "+memory"));
	must(!mkdir(GROUP, 0700) && (before = in_use()) >= 0);
	must(writes_inside() == 0);
	after = in_use();
	fprintf(stderr, "# the first record of a ring of %u bytes: %ld bytes charged to its writer\n",
		MEMLOG_RING_DEFAULT, after - before);
	must(after - before >= MEMLOG_RING_DEFAULT);
	must(!ioctl(fd, MEMLOG_IOC_CLEAR));
	must(in_use() < before + MEMLOG_RING_DEFAULT / 2);
	must(!rmdir(GROUP));
	return !close(fd);
}

const struct probe memory_cases[] = {
	{ "a ring is charged to its writer's memory cgroup, and given back by clear", a_ring_is_its_writers_memory },
	{}
};
