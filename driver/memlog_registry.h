/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMLOG_REGISTRY_H
#define MEMLOG_REGISTRY_H

#include "memlog_ring.h"

#define MEMLOG_RINGS_MAX	65536

/**
 * struct memlog_limits - what all rings together may take, fixed at load
 * @max_rings: uids that may have a ring, at most MEMLOG_RINGS_MAX
 * @max_bytes: bytes of all buffers
 * @keeps_hash: whether rings compute the running hash
 */
struct memlog_limits {
	unsigned int max_rings;
	u64 max_bytes;
	bool keeps_hash;
};

int memlog_registry_init(const struct memlog_limits *limits, u32 ring_size);
void memlog_registry_exit(void);

unsigned int memlog_ring_count(void);
struct memlog_ring *memlog_ring_at(unsigned int index);
struct memlog_ring *memlog_ring_find(u32 uid);
struct memlog_ring *memlog_ring_of(u32 uid);
wait_queue_head_t *memlog_wait_any(void);
void memlog_copy_ring_id(u8 *to);
u32 memlog_ring_size(void);

int memlog_store(struct memlog_ring *ring, struct memlog_record_header *hdr,
		 const void *blob);
void memlog_drop(struct memlog_ring *ring);
int memlog_resize(u32 size);

#endif /* MEMLOG_REGISTRY_H */
