/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMLOG_PROBE_H
#define MEMLOG_PROBE_H

/* A case returns whether its claim held; what did not is on stderr. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "memlog.h"

#define DEVICE		"/dev/memlog"
#define WRITERS_GID	4242	/* what the module is loaded with */
#define FRAME_MAX	(MEMLOG_HEADER_BYTES + MEMLOG_MAX_BLOB)
#define PAGE		4096

#define must(what)							\
	do {								\
		if (what)						\
			break;						\
		fprintf(stderr, "# %s:%d: %s (%s)\n", __FILE__, __LINE__,	\
			#what, strerror(errno));			\
		return false;						\
	} while (0)

struct frame {
	struct memlog_record_header hdr;
	unsigned char blob[MEMLOG_MAX_BLOB];
};

struct probe {
	const char *name;
	bool (*holds)(void);
};

extern const struct probe contract_cases[], user_cases[], race_cases[],
	module_cases[], compat_cases[], drain_cases[], failslab_cases[],
	latency_cases[], trace_cases[], file_cases[], offset_cases[],
	memory_cases[];

int open_ring(void);			/* read-write, at the oldest record */
int open_empty(void);			/* the same, of a ring cleared before */
bool holds_as(uid_t uid, bool member, bool (*claim)(void *), void *arg);
bool fails(long result, int error);	/* -1 with that errno */
struct memlog_info info_of(int fd);
struct memlog_stats stats_of(int fd);
long count_new(int fd);			/* records read until 0; -1 on an error */
bool filter(int fd, uint32_t uid);
void fill(unsigned char *blob, size_t length, uint64_t key);
bool is_filled(const unsigned char *blob, size_t length, uint64_t key);

#endif /* MEMLOG_PROBE_H */
