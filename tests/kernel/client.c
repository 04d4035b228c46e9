// SPDX-License-Identifier: GPL-2.0-only
/*
 * client.c - a program of the contract before ours: it knows ioctls 1-5, a header
 * of 56 bytes, and that a read of 0 is the end. It includes nothing of memlog.
 *
 *	client write TEXT	one record
 *	client show [UID]	"seq uid pid text" a line, oldest first
 *	client stats|clear|version
 *	client resize BYTES
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct header {
	uint32_t magic, schema_version, length, reserved;
	uint64_t ts_ns, seq;
	uint32_t uid, pid;
	uint8_t session_id[16];
} __attribute__((packed));

struct stats {
	uint64_t total_writes, total_evictions, records_in_ring;
	uint32_t ring_bytes, ring_capacity;
	uint64_t oldest_ts_ns, newest_ts_ns;
};

_Static_assert(sizeof(struct header) == 56, "header");
_Static_assert(sizeof(struct stats) == 48, "stats");

static int fail(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	return 1;
}

static int show(int fd, const char *uid)
{
	static unsigned char buffer[56 + 65536];
	struct header *header = (void *)buffer;
	uint32_t filter = uid ? strtoul(uid, NULL, 10) : 0;
	ssize_t got;

	if (uid && ioctl(fd, _IOW(0xCB, 4, uint32_t), &filter))
		return fail("FILTER_UID");
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		if (header->magic != 0x4D4C4F47 || header->schema_version != 1 ||
		    got != 56 + (ssize_t)header->length)
			return fail("a record is not what it was");
		printf("%llu %u %u %.*s\n", (unsigned long long)header->seq,
		       header->uid, header->pid, (int)header->length,
		       (char *)buffer + 56);
	}
	return got ? fail("read") : 0;
}

static int count(int fd)
{
	struct stats stats;

	if (ioctl(fd, _IOR(0xCB, 1, struct stats), &stats))
		return fail("STATS");
	printf("%llu %llu %llu %u %u\n", (unsigned long long)stats.total_writes,
	       (unsigned long long)stats.total_evictions,
	       (unsigned long long)stats.records_in_ring, stats.ring_bytes,
	       stats.ring_capacity);
	return stats.oldest_ts_ns > stats.newest_ts_ns;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "show", *word = argc > 2 ? argv[2] : NULL;
	int fd = open("/dev/memlog", O_RDWR);
	uint32_t number = 0;

	if (fd < 0)
		return fail("open");
	if (!strcmp(verb, "write"))
		return write(fd, word, strlen(word)) < 0 ? fail("write") : 0;
	if (!strcmp(verb, "show"))
		return show(fd, word);
	if (!strcmp(verb, "stats"))
		return count(fd);
	if (!strcmp(verb, "clear"))
		return ioctl(fd, _IO(0xCB, 2)) ? fail("CLEAR") : 0;
	if (!strcmp(verb, "version"))
		return ioctl(fd, _IOR(0xCB, 5, uint32_t), &number) ? fail("GET_VERSION") : number != 1;
	number = word ? strtoul(word, NULL, 10) : 0;
	return ioctl(fd, _IOW(0xCB, 3, uint32_t), &number) ? fail("SET_RING_SIZE") : 0;
}
