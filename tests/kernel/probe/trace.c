// SPDX-License-Identifier: GPL-2.0-only
/* trace.c - the tracepoints, as tracefs shows them */

#include <sys/mount.h>
#include <sys/stat.h>

#include "probe.h"

#define TRACING	"/tmp/tracing"

static unsigned char blob[40000];
static char lines[1 << 20];

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

static bool says(const char *wanted)
{
	if (strstr(lines, wanted))
		return true;
	fprintf(stderr, "# no %s in: %.2000s\n", wanted, lines);
	return false;
}

static bool written_and_evicted_records_are_traced(void)
{
	int fd = open_empty(), trace;
	__u32 size = MEMLOG_RING_MIN;
	ssize_t got, all = 0;
	char wanted[100];
	__u64 seq;

	must(fd >= 0);
	mkdir(TRACING, 0700);
	must(!mount("tracefs", TRACING, "tracefs", 0, NULL) || errno == EBUSY);
	/*
	 * Else the scheduler's code is patched too, for names of processes nobody reads: an
	 * emulated processor that executes it meanwhile may trap on what is no longer there.
	 */
	must(put(TRACING "/options/record-cmd", "0"));
	must(put(TRACING "/events/memlog/record_written/enable", "1"));
	must(put(TRACING "/events/memlog/record_evicted/enable", "1"));
	must(!ioctl(fd, MEMLOG_IOC_SET_RING_SIZE, &size));
	seq = info_of(fd).next_seq;
	must(write(fd, blob, sizeof(blob)) == sizeof(blob));
	must(write(fd, blob, sizeof(blob)) == sizeof(blob));
	must(put(TRACING "/events/memlog/enable", "0"));
	trace = open(TRACING "/trace", O_RDONLY);
	while ((got = read(trace, lines + all, sizeof(lines) - 1 - all)) > 0)
		all += got;
	close(trace);
	snprintf(wanted, sizeof(wanted), "record_written: uid=0 pid=%d seq=%llu length=40000",
		 getpid(), seq + 1);
	must(says(wanted));
	snprintf(wanted, sizeof(wanted), "record_evicted: uid=0 seq=%llu length=40000", seq);
	must(says(wanted));
	close(open_empty());
	return !close(fd);
}

const struct probe trace_cases[] = {
	{ "written and evicted records are traced", written_and_evicted_records_are_traced },
	{}
};
