/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMLOG_RING_H
#define MEMLOG_RING_H

#ifdef __KERNEL__
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>
#else
#include "kernel_shim.h"
#endif

#include "memlog.h"

/**
 * struct memlog_buffer - memory a ring keeps its records in
 * @data: NULL where there is none
 * @size: bytes, a multiple of 8
 */
struct memlog_buffer {
	u8 *data;
	u64 size;
};

/* Witnesses of one ring: its uid's own, which always has a place, and privileged ones. */
#define MEMLOG_MARKS		4

/* How long a witness that says nothing holds the ring's drained mark back. */
#define MEMLOG_MARK_NS		(7 * 86400 * 1000000000ULL)

/**
 * struct memlog_mark - what one witness has archived of a ring
 * @witness: uid its files were opened by
 * @seq: newest one; only ever grows
 * @told_ns: when it last said so, on a clock that stops in suspend; 0 = never
 *
 * It outlives the witness's open files, so that one which restarts finds what it
 * has not archived still counted as such.
 */
struct memlog_mark {
	u32 witness;
	u64 seq;
	u64 told_ns;
};

/**
 * struct memlog_ring - the records of one uid
 * @lock: everything below; sleeps, and is never held over user memory or an
 *	allocation
 * @wait: those who poll for this uid's next record
 * @uid: whose ring, in the initial user namespace
 * @index: its place among all rings
 * @keeps_hash: whether the running hash is computed
 * @buffer: holds the bytes from @tail to @head; empty if and only if the ring
 *	is
 * @capacity: bytes the records may take. One record is always admitted, so
 *	that a maximal one fits the smallest ring
 * @head: position behind the newest record; only ever grows
 * @tail: position of the oldest record; only ever grows
 * @next_seq: seq of the next record
 * @oldest_seq: seq of the record at @tail; @next_seq when empty
 * @evicted: records evicted to make room
 * @cleared: records dropped by CLEAR
 * @archived: newest seq any witness has said it archived, be its mark gone since
 * @marks: of its witnesses; the first is for @uid's own
 * @newest_ts_ns: time of the newest record ever written
 * @hash_before: running hash before the record at @tail
 * @hash_after: running hash after the newest record
 */
struct memlog_ring {
	struct mutex lock;		/* innermost: nothing is taken under it */
	wait_queue_head_t wait;
	u32 uid;
	u32 index;
	bool keeps_hash;
	struct memlog_buffer buffer;
	u64 capacity;
	u64 head;
	u64 tail;
	u64 next_seq;
	u64 oldest_seq;
	u64 evicted;
	u64 cleared;
	u64 archived;
	u64 newest_ts_ns;
	struct memlog_mark marks[MEMLOG_MARKS];
	u8 hash_before[MEMLOG_HASH_BYTES];
	u8 hash_after[MEMLOG_HASH_BYTES];
};

/**
 * struct memlog_cursor - where one reader is in one ring
 * @seq: seq it wants next; 0 = the oldest there is
 * @pos: position of that record, unless it was evicted meanwhile
 */
struct memlog_cursor {
	u64 seq;
	u64 pos;
};

void memlog_ring_init(struct memlog_ring *ring, u32 uid, u64 capacity,
		      bool keeps_hash);
u64 memlog_ring_buffer_bytes(u64 capacity);
void memlog_ring_swap_buffer(struct memlog_ring *ring,
			     struct memlog_buffer *buffer);
void memlog_ring_put(struct memlog_ring *ring,
		     struct memlog_record_header *hdr, const void *blob,
		     const u8 *digest);
size_t memlog_ring_peek(struct memlog_ring *ring, struct memlog_cursor *cursor,
			struct memlog_record_header *hdr);
size_t memlog_ring_copy(struct memlog_ring *ring,
			const struct memlog_cursor *cursor, void *to);
void memlog_cursor_advance(struct memlog_cursor *cursor, size_t frame_bytes);
void memlog_ring_clear(struct memlog_ring *ring, struct memlog_buffer *unused);
bool memlog_ring_shrink(struct memlog_ring *ring, u64 capacity,
			unsigned int limit);
int memlog_ring_mark(struct memlog_ring *ring, u32 witness, u64 seq);
void memlog_ring_stats(struct memlog_ring *ring, struct memlog_stats *stats);
void memlog_ring_info(struct memlog_ring *ring, struct memlog_info *info);

#endif /* MEMLOG_RING_H */
