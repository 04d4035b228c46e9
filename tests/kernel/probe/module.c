// SPDX-License-Identifier: GPL-2.0-only
/* module.c - loaded and unloaded again and again, also while it is being opened */

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "probe.h"

#define MODULE_ENV	"MEMLOG_MODULE"	/* path of the .ko */
#define CYCLES		100

static atomic_bool stop;

static bool load(void)
{
	const char *path = getenv(MODULE_ENV);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	long failed;

	if (fd < 0)
		return false;
	failed = syscall(SYS_finit_module, fd, "memlog_gid=4242", 0);
	close(fd);
	return !failed;
}

static long unload(void)
{
	return syscall(SYS_delete_module, "memlog", O_NONBLOCK);
}

static bool an_open_file_keeps_it(void)
{
	int fd = open_ring();

	must(fd >= 0);
	must(fails(unload(), EWOULDBLOCK));
	must(write(fd, "still", 5) == 5);
	return !close(fd);
}

static bool cycles(void)
{
	struct memlog_info first, again;
	int fd;

	for (int i = 0; i < CYCLES; i++) {
		fd = open_ring();
		must(fd >= 0);
		first = info_of(fd);
		must(write(fd, &first, sizeof(first)) == sizeof(first));
		must(!close(fd) && !unload());
		must(fails(open_ring(), ENOENT));
		must(load());
		fd = open_ring();
		again = info_of(fd);
		must(again.next_seq == 1 && again.oldest_seq == 1);
		must(memcmp(first.ring_id, again.ring_id, MEMLOG_RING_ID_BYTES));
		must(!close(fd));
	}
	return true;
}

static void *use_forever(void *unused)
{
	char byte[200];
	int fd;

	(void)unused;
	while (!stop) {
		fd = open_ring();
		if (fd < 0)
			continue;
		if (write(fd, "record", 6) == 6)
			(void)!read(fd, byte, sizeof(byte));
		close(fd);
	}
	return NULL;
}

static bool unloading_races_with_use(void)
{
	pthread_t users[2];
	int unloaded = 0;

	stop = false;
	for (int i = 0; i < 2; i++)
		pthread_create(&users[i], NULL, use_forever, NULL);
	for (int i = 0; i < 20000 && unloaded < 30; i++) {
		if (!unload()) {
			unloaded++;
			must(load());
		}
		usleep(50);
	}
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(users[i], NULL);
	fprintf(stderr, "# unloaded %d times under use\n", unloaded);
	must(unloaded > 0);
	return true;
}

const struct probe module_cases[] = {
	{ "an open file keeps the module", an_open_file_keeps_it },
	{ "100 times unloaded and loaded: a new ring_id, seqs from 1", cycles },
	{ "unloading while it is opened, written and read", unloading_races_with_use },
	{}
};
