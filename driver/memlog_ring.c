// SPDX-License-Identifier: GPL-2.0-only
/*
 * The byte ring of one uid
 *
 * No user pointers, no allocation, no waiting: plain gcc builds this file too
 * (tests/kernel/core), against tests/kernel/core/kernel_shim.h.
 */

/**
 * DOC: The ring
 *
 * States. A ring is *empty* (no buffer, tail == head, oldest_seq == next_seq)
 * or *holding* (a buffer, tail < head). The first write attaches a buffer,
 * CLEAR detaches it. Positions, seqs and counters outlive the buffer: they live
 * as long as the module.
 *
 * Positions only grow; a byte at position p lies at p % buffer.size. So a reader
 * that remembers a position finds its next record in one step however many
 * records there are, whatever was evicted, and whichever buffer holds them now.
 *
 * Who evicts. A write, as many whole records from the tail as it needs room
 * for; a smaller capacity, in bounded steps. Nobody else: a reader never does,
 * and no uid touches another's ring.
 *
 * Time. The clock is read under the lock, so seq order is time order as far as
 * the clock itself does not go back.
 *
 * Hash. Each entry is preceded by the running hash *after* its record, so the
 * hash before the oldest record is known without hashing an evicted one again.
 * The blob goes in as its digest, which the writer makes before it takes the
 * lock: what is hashed under it is 120 bytes, however long the blob.
 *
 * Drained. Each witness has a mark of its own, and what counts as drained is the
 * smallest. A mark stays when its witness closes the file or is killed, and is
 * the same witness's again when it comes back: a witness is known by the uid that
 * opened the file. One that has said nothing for MEMLOG_MARK_NS no longer counts,
 * else a witness tried once would hold the ring back until the module goes.
 *
 * Lock order. file->lock, then registry.lock, then ring->lock; no two rings'
 * locks at once. Every function here runs under ring->lock.
 *
 * A writer and a reader, in five lines each::
 *
 *	fd = open("/dev/memlog", O_WRONLY);
 *	do
 *		n = write(fd, blob, length);
 *	while (n < 0 && errno == EINTR);
 *	close(fd);
 *
 *	fd = open("/dev/memlog", O_RDONLY);
 *	while (poll(&(struct pollfd){ fd, POLLIN }, 1, -1) > 0)
 *		while ((n = read(fd, frame, 56 + 65536)) > 0)
 *			keep(frame, n);
 *	close(fd);
 */

#include "memlog_ring.h"

#ifdef __KERNEL__
#include <crypto/sha2.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "memlog_trace.h"
#endif

/* Of an entry, besides header and blob. */
#define MEMLOG_ENTRY_PREFIX	MEMLOG_HASH_BYTES
#define MEMLOG_ENTRY_MAX	ALIGN(MEMLOG_ENTRY_PREFIX + MEMLOG_HEADER_BYTES + \
				      MEMLOG_MAX_BLOB, 8)

static u64 memlog_entry_bytes(u32 length)
{
	return ALIGN(MEMLOG_ENTRY_PREFIX + MEMLOG_HEADER_BYTES + (u64)length, 8);
}

static u64 memlog_offset(u64 pos, u64 size)
{
	u64 rest;

	div64_u64_rem(pos, size, &rest);
	return rest;
}

static void memlog_copy_in(struct memlog_buffer *buffer, u64 pos,
			   const void *from, size_t bytes)
{
	u64 at = memlog_offset(pos, buffer->size);
	size_t first = min_t(u64, bytes, buffer->size - at);

	memcpy(buffer->data + at, from, first);
	memcpy(buffer->data, (const u8 *)from + first, bytes - first);
}

static void memlog_copy_out(const struct memlog_buffer *buffer, u64 pos,
			    void *to, size_t bytes)
{
	u64 at = memlog_offset(pos, buffer->size);
	size_t first = min_t(u64, bytes, buffer->size - at);

	memcpy(to, buffer->data + at, first);
	memcpy((u8 *)to + first, buffer->data, bytes - first);
}

/**
 * memlog_ring_init() - an empty ring without a buffer
 * @ring: zeroed memory
 * @uid: whose records it will hold
 * @capacity: bytes they may take
 * @keeps_hash: compute the running hash; else it stays zero
 */
void memlog_ring_init(struct memlog_ring *ring, u32 uid, u64 capacity,
		      bool keeps_hash)
{
	mutex_init(&ring->lock);
	init_waitqueue_head(&ring->wait);
	ring->uid = uid;
	ring->capacity = capacity;
	ring->keeps_hash = keeps_hash;
	ring->next_seq = 1;
	ring->oldest_seq = 1;
}

/**
 * memlog_ring_buffer_bytes() - size of the buffer a ring of this capacity needs
 * @capacity: as memlog_ring_init() takes it
 *
 * Return: whole pages, and room for one maximal record in the smallest ring.
 */
u64 memlog_ring_buffer_bytes(u64 capacity)
{
	return PAGE_ALIGN(max_t(u64, capacity, MEMLOG_ENTRY_MAX));
}

/**
 * memlog_ring_swap_buffer() - hold the same records in another buffer
 * @ring: caller holds @ring->lock
 * @buffer: new memory, at least what the records take; the old one afterwards
 */
void memlog_ring_swap_buffer(struct memlog_ring *ring,
			     struct memlog_buffer *buffer)
{
	u64 pos = ring->tail;

	lockdep_assert_held(&ring->lock);
	while (pos < ring->head) {
		u64 at = memlog_offset(pos, ring->buffer.size);
		size_t run = min_t(u64, ring->head - pos,
				   ring->buffer.size - at);

		memlog_copy_in(buffer, pos, ring->buffer.data + at, run);
		pos += run;
	}
	swap(ring->buffer, *buffer);
}

static void memlog_evict_oldest(struct memlog_ring *ring)
{
	struct memlog_record_header hdr;

	memlog_copy_out(&ring->buffer, ring->tail, ring->hash_before,
			MEMLOG_HASH_BYTES);
	memlog_copy_out(&ring->buffer, ring->tail + MEMLOG_ENTRY_PREFIX, &hdr,
			sizeof(hdr));
	ring->tail += memlog_entry_bytes(hdr.length);
	ring->oldest_seq++;
	ring->evicted++;
	trace_record_evicted(ring->uid, hdr.seq, hdr.length);
}

static void memlog_hash_record(struct memlog_ring *ring,
			       const struct memlog_record_header *hdr,
			       const u8 *digest)
{
	u8 joined[MEMLOG_HASH_BYTES + MEMLOG_HEADER_BYTES + MEMLOG_HASH_BYTES];

	if (!ring->keeps_hash)
		return;
	memcpy(joined, ring->hash_after, MEMLOG_HASH_BYTES);
	memcpy(joined + MEMLOG_HASH_BYTES, hdr, MEMLOG_HEADER_BYTES);
	memcpy(joined + MEMLOG_HASH_BYTES + MEMLOG_HEADER_BYTES, digest,
	       MEMLOG_HASH_BYTES);
	sha256(joined, sizeof(joined), ring->hash_after);
}

/**
 * memlog_ring_put() - append one record, evicting whole records from the tail
 * @ring: ring of one uid, with a buffer; caller holds @ring->lock
 * @hdr: length, pid and session_id are given; the rest is stamped here
 * @blob: @hdr->length bytes, already in kernel memory
 * @digest: SHA-256 of @blob; unused where the ring keeps no hash
 */
void memlog_ring_put(struct memlog_ring *ring,
		     struct memlog_record_header *hdr, const void *blob,
		     const u8 *digest)
{
	u64 need = memlog_entry_bytes(hdr->length);
	u64 pos = ring->head;

	lockdep_assert_held(&ring->lock);
	while (ring->tail < pos && pos - ring->tail + need > ring->capacity)
		memlog_evict_oldest(ring);

	hdr->magic = MEMLOG_MAGIC;
	hdr->schema_version = MEMLOG_SCHEMA_VERSION;
	hdr->reserved = 0;
	hdr->uid = ring->uid;
	hdr->seq = ring->next_seq++;
	hdr->ts_ns = ktime_get_real_ns();
	memlog_hash_record(ring, hdr, digest);

	memlog_copy_in(&ring->buffer, pos, ring->hash_after, MEMLOG_HASH_BYTES);
	pos += MEMLOG_ENTRY_PREFIX;
	memlog_copy_in(&ring->buffer, pos, hdr, sizeof(*hdr));
	memlog_copy_in(&ring->buffer, pos + sizeof(*hdr), blob, hdr->length);
	ring->head += need;
	ring->newest_ts_ns = hdr->ts_ns;
	trace_record_written(ring->uid, hdr->pid, hdr->seq, hdr->length);
}

/**
 * memlog_ring_peek() - the next record for a reader, if there is one
 * @ring: caller holds @ring->lock
 * @cursor: is put on the oldest record where its own was evicted or cleared
 * @hdr: that record's header
 *
 * Return: bytes of header and blob; 0 when there is nothing new.
 */
size_t memlog_ring_peek(struct memlog_ring *ring, struct memlog_cursor *cursor,
			struct memlog_record_header *hdr)
{
	lockdep_assert_held(&ring->lock);
	if (cursor->seq < ring->oldest_seq) {
		cursor->seq = ring->oldest_seq;
		cursor->pos = ring->tail;
	}
	if (cursor->seq >= ring->next_seq)
		return 0;
	memlog_copy_out(&ring->buffer, cursor->pos + MEMLOG_ENTRY_PREFIX, hdr,
			sizeof(*hdr));
	return sizeof(*hdr) + hdr->length;
}

/**
 * memlog_ring_copy() - the record memlog_ring_peek() found under the same lock
 * @ring: caller holds @ring->lock since the peek
 * @cursor: stays where it is
 * @to: room for what the peek returned
 *
 * Return: bytes of header and blob.
 */
size_t memlog_ring_copy(struct memlog_ring *ring,
			const struct memlog_cursor *cursor, void *to)
{
	u64 pos = cursor->pos + MEMLOG_ENTRY_PREFIX;
	struct memlog_record_header hdr;

	lockdep_assert_held(&ring->lock);
	memlog_copy_out(&ring->buffer, pos, &hdr, sizeof(hdr));
	memlog_copy_out(&ring->buffer, pos, to, sizeof(hdr) + hdr.length);
	return sizeof(hdr) + hdr.length;
}

/**
 * memlog_cursor_advance() - past a record, once its reader has it
 * @cursor: on that record
 * @frame_bytes: bytes of its header and blob
 *
 * Needs no lock: what happened to the ring since is noticed by the next peek.
 */
void memlog_cursor_advance(struct memlog_cursor *cursor, size_t frame_bytes)
{
	cursor->seq++;
	cursor->pos += memlog_entry_bytes(frame_bytes - MEMLOG_HEADER_BYTES);
}

/**
 * memlog_ring_clear() - drop all records, counted as cleared
 * @ring: caller holds @ring->lock
 * @unused: the buffer, for the caller to free once the lock is not held
 */
void memlog_ring_clear(struct memlog_ring *ring, struct memlog_buffer *unused)
{
	lockdep_assert_held(&ring->lock);
	ring->cleared += ring->next_seq - ring->oldest_seq;
	ring->oldest_seq = ring->next_seq;
	ring->tail = ring->head;
	memcpy(ring->hash_before, ring->hash_after, MEMLOG_HASH_BYTES);
	*unused = ring->buffer;
	ring->buffer = (struct memlog_buffer){};
}

/**
 * memlog_ring_shrink() - one bounded step towards a smaller capacity
 * @ring: caller holds @ring->lock, and gives it up between steps
 * @capacity: the aim; a larger one than now changes nothing
 * @limit: records to evict at most
 *
 * The capacity follows the tail down, so that a writer between two steps is not
 * left to evict all the rest at once.
 *
 * Return: true when it takes another step.
 */
bool memlog_ring_shrink(struct memlog_ring *ring, u64 capacity,
			unsigned int limit)
{
	u64 last;

	lockdep_assert_held(&ring->lock);
	if (ring->capacity <= capacity)
		return false;
	/* The newest record stays even where it alone is over the capacity. */
	last = ring->next_seq - 1;
	while (ring->head - ring->tail > capacity && ring->oldest_seq < last) {
		if (!limit--) {
			ring->capacity = ring->head - ring->tail;
			return true;
		}
		memlog_evict_oldest(ring);
	}
	ring->capacity = capacity;
	return false;
}

static bool memlog_mark_counts(const struct memlog_mark *mark, u64 now_ns)
{
	return mark->told_ns && now_ns - mark->told_ns < MEMLOG_MARK_NS;
}

static struct memlog_mark *memlog_mark_of(struct memlog_ring *ring, u32 witness,
					  u64 now_ns)
{
	struct memlog_mark *mark, *spare = NULL;
	unsigned int i;

	if (witness == ring->uid)
		return &ring->marks[0];
	for (i = 1; i < MEMLOG_MARKS; i++) {
		mark = &ring->marks[i];
		if (mark->told_ns && mark->witness == witness)
			return mark;
		if (!spare && !memlog_mark_counts(mark, now_ns))
			spare = mark;
	}
	if (spare)
		*spare = (struct memlog_mark){};
	return spare;
}

/**
 * memlog_ring_mark() - what one witness has archived
 * @ring: caller holds @ring->lock
 * @witness: uid its file was opened by
 * @seq: newest seq it has archived; a smaller one than before changes nothing,
 *	but says that the witness is there, and 0 that it begins
 *
 * Return: 0, -EINVAL (a seq never written) or -ENOSPC (too many witnesses).
 */
int memlog_ring_mark(struct memlog_ring *ring, u32 witness, u64 seq)
{
	u64 now_ns = ktime_get_ns();
	struct memlog_mark *mark;

	lockdep_assert_held(&ring->lock);
	if (seq >= ring->next_seq)
		return -EINVAL;
	mark = memlog_mark_of(ring, witness, now_ns);
	if (!mark)
		return -ENOSPC;
	mark->witness = witness;
	mark->seq = max_t(u64, mark->seq, seq);
	mark->told_ns = now_ns;
	ring->archived = max_t(u64, ring->archived, seq);
	return 0;
}

/* By every witness that counts. */
static u64 memlog_drained(const struct memlog_ring *ring)
{
	u64 now_ns = ktime_get_ns(), drained = U64_MAX;
	unsigned int i;

	for (i = 0; i < MEMLOG_MARKS; i++)
		if (memlog_mark_counts(&ring->marks[i], now_ns))
			drained = min_t(u64, drained, ring->marks[i].seq);
	return drained == U64_MAX ? 0 : drained;
}

/**
 * memlog_ring_stats() - add one ring's counters to those of others
 * @ring: caller holds @ring->lock
 * @stats: zeroed, or what earlier rings left there
 */
void memlog_ring_stats(struct memlog_ring *ring, struct memlog_stats *stats)
{
	struct memlog_record_header oldest;
	struct memlog_cursor first = {};

	lockdep_assert_held(&ring->lock);
	stats->total_writes += ring->next_seq - 1;
	stats->total_evictions += ring->evicted;
	stats->records_in_ring += ring->next_seq - ring->oldest_seq;
	stats->ring_bytes = min_t(u64, U32_MAX, stats->ring_bytes +
				  (ring->head - ring->tail));
	if (!memlog_ring_peek(ring, &first, &oldest))
		return;
	stats->ring_capacity = min_t(u64, U32_MAX, stats->ring_capacity +
				     ring->capacity);
	if (!stats->oldest_ts_ns || oldest.ts_ns < stats->oldest_ts_ns)
		stats->oldest_ts_ns = oldest.ts_ns;
	stats->newest_ts_ns = max_t(u64, stats->newest_ts_ns,
				    ring->newest_ts_ns);
}

/**
 * memlog_ring_info() - positions, size, times and hashes of one ring
 * @ring: caller holds @ring->lock
 * @info: zeroed; its ring_id is the caller's
 */
void memlog_ring_info(struct memlog_ring *ring, struct memlog_info *info)
{
	struct memlog_record_header oldest;
	struct memlog_cursor first = {};

	lockdep_assert_held(&ring->lock);
	if (memlog_ring_peek(ring, &first, &oldest)) {
		info->oldest_ts_ns = oldest.ts_ns;
		info->newest_ts_ns = ring->newest_ts_ns;
	}
	info->ring_bytes = ring->head - ring->tail;
	info->uid = ring->uid;
	info->next_seq = ring->next_seq;
	info->oldest_seq = ring->oldest_seq;
	info->evicted = ring->evicted;
	info->cleared = ring->cleared;
	info->capacity = ring->capacity;
	info->drained_seq = memlog_drained(ring);
	info->archived_seq = ring->archived;
	memcpy(info->hash_before, ring->hash_before, MEMLOG_HASH_BYTES);
	memcpy(info->hash_after, ring->hash_after, MEMLOG_HASH_BYTES);
}
