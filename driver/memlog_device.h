/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMLOG_DEVICE_H
#define MEMLOG_DEVICE_H

#include <linux/fs.h>
#include <linux/spinlock.h>

#include "memlog_registry.h"

#define MEMLOG_NO_GID	(-1)

/**
 * struct memlog_place - where an open file is in one ring
 * @cursor: its next record
 * @ts_ns: time of that record as last seen, U64_MAX where there was none; the
 *	ring may have evicted it, but has nothing older
 */
struct memlog_place {
	struct memlog_cursor cursor;
	u64 ts_ns;
};

/**
 * struct memlog_file - one open file of the device
 * @lock: everything but @session; held over user memory, so taken
 *	interruptibly and never by a writer
 * @own: the ring of the opener's uid
 * @uid: whose records are read, unless @all
 * @all: everybody's records are read, merged in order of time
 * @places: one per ring, by its index; zeroed for rings never read
 * @place_count: room there
 * @looked_at: rings whose @places are as of @looked_ns
 * @looked_ns: when all rings were last looked at; 0 = they have to be
 * @bounce: the record on its way to the reader
 * @bounce_bytes: room there
 * @session_lock: @session
 * @session: stamped into what is written
 */
struct memlog_file {
	struct mutex lock;		/* before registry.lock and any ring's */
	struct memlog_ring *own;
	u32 uid;
	bool all;
	struct memlog_place *places;
	unsigned int place_count;
	unsigned int looked_at;
	u64 looked_ns;
	void *bounce;
	size_t bounce_bytes;
	spinlock_t session_lock;	/* a leaf: writers take no mutex */
	u8 session[MEMLOG_SESSION_BYTES];
};

extern const struct file_operations memlog_fops;

int memlog_writer_gid(void);

bool memlog_is_privileged(struct file *filp);
struct memlog_ring *memlog_file_ring(struct memlog_file *mf);
int memlog_file_peek(struct memlog_file *mf, struct memlog_ring **found);
void memlog_file_moved(struct file *filp);
long memlog_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

int memlog_sysctl_register(void);
void memlog_sysctl_unregister(void);

#endif /* MEMLOG_DEVICE_H */
