// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring's own tests inside a kernel: CONFIG_MEMLOG_KUNIT_TEST=y on make's
 * command line, on a kernel with CONFIG_KUNIT; they run when the module loads
 */

#include <crypto/sha2.h>
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "memlog_ring.h"

#define MEMLOG_TEST_UID	77

static struct memlog_ring *ring;
static u8 *blob;
static u8 *frame;

static struct memlog_buffer memlog_test_buffer(struct kunit *test, u64 capacity)
{
	struct memlog_buffer buffer = {
		.size = memlog_ring_buffer_bytes(capacity),
	};

	buffer.data = kvmalloc(buffer.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buffer.data);
	return buffer;
}

static int memlog_test_init(struct kunit *test)
{
	struct memlog_buffer buffer;

	ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);
	blob = kunit_kzalloc(test, MEMLOG_MAX_BLOB, GFP_KERNEL);
	frame = kunit_kzalloc(test, MEMLOG_HEADER_BYTES + MEMLOG_MAX_BLOB,
			      GFP_KERNEL);
	if (!ring || !blob || !frame)
		return -ENOMEM;
	memlog_ring_init(ring, MEMLOG_TEST_UID, MEMLOG_RING_MIN, true);
	buffer = memlog_test_buffer(test, MEMLOG_RING_MIN);
	mutex_lock(&ring->lock);
	memlog_ring_swap_buffer(ring, &buffer);
	return 0;
}

static void memlog_test_exit(struct kunit *test)
{
	struct memlog_buffer unused = {};

	if (!ring)
		return;
	memlog_ring_clear(ring, &unused);
	mutex_unlock(&ring->lock);
	kvfree(unused.data);
}

static u64 memlog_test_put(u32 length)
{
	struct memlog_record_header hdr = { .length = length, .pid = 5 };
	u8 digest[MEMLOG_HASH_BYTES];

	memset(blob, ring->next_seq & 0xff, length);
	sha256(blob, length, digest);
	memlog_ring_put(ring, &hdr, blob, digest);
	return hdr.seq;
}

/* The seq of the next record, which is checked; 0 where there is none. */
static u64 memlog_test_take(struct kunit *test, struct memlog_cursor *cursor)
{
	struct memlog_record_header hdr;
	size_t bytes = memlog_ring_peek(ring, cursor, &hdr);

	if (!bytes)
		return 0;
	KUNIT_EXPECT_EQ(test, bytes, memlog_ring_copy(ring, cursor, frame));
	KUNIT_EXPECT_EQ(test, bytes, (size_t)MEMLOG_HEADER_BYTES + hdr.length);
	KUNIT_EXPECT_EQ(test, 0, memcmp(frame, &hdr, sizeof(hdr)));
	KUNIT_EXPECT_EQ(test, hdr.magic, MEMLOG_MAGIC);
	KUNIT_EXPECT_EQ(test, hdr.uid, (u32)MEMLOG_TEST_UID);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    memchr_inv(frame + sizeof(hdr), hdr.seq & 0xff,
				       hdr.length));
	memlog_cursor_advance(cursor, bytes);
	return hdr.seq;
}

static void memlog_test_order(struct kunit *test)
{
	struct memlog_cursor cursor = {};
	u64 seq;

	for (seq = 1; seq <= 20; seq++)
		KUNIT_EXPECT_EQ(test, memlog_test_put(seq * 7), seq);
	for (seq = 1; seq <= 20; seq++)
		KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), seq);
	KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), 0ULL);
}

static void memlog_test_eviction(struct kunit *test)
{
	struct memlog_cursor cursor = {};
	struct memlog_stats stats = {};
	u64 seq;

	memlog_test_put(1000);
	KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), 1ULL);
	while (memlog_test_put(1000) < 500)
		;
	memlog_ring_stats(ring, &stats);
	KUNIT_EXPECT_LE(test, stats.ring_bytes, MEMLOG_RING_MIN);
	KUNIT_EXPECT_EQ(test, stats.records_in_ring, MEMLOG_RING_MIN / 1088ULL);
	KUNIT_EXPECT_EQ(test, stats.total_evictions, ring->oldest_seq - 1);
	/* A reader that was overtaken goes on with the oldest. */
	for (seq = ring->oldest_seq; seq <= 500; seq++)
		KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), seq);
	KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), 0ULL);
}

static void memlog_test_maximal(struct kunit *test)
{
	struct memlog_cursor cursor = {};
	u64 seq;

	for (seq = 1; seq < 5; seq++) {
		memlog_test_put(MEMLOG_MAX_BLOB);
		KUNIT_EXPECT_EQ(test, ring->oldest_seq, seq);
		KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), seq);
	}
}

static void memlog_test_resize(struct kunit *test)
{
	struct memlog_buffer buffer = memlog_test_buffer(test, 1 << 20);
	struct memlog_cursor cursor = {};
	u64 oldest;

	while (memlog_test_put(3000) < 100)
		;
	oldest = ring->oldest_seq;
	memlog_ring_swap_buffer(ring, &buffer);
	kvfree(buffer.data);
	ring->capacity = 1 << 20;
	KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), oldest);
	while (memlog_test_put(3000) < 300)
		;
	KUNIT_EXPECT_EQ(test, ring->oldest_seq, oldest);
	KUNIT_EXPECT_TRUE(test, memlog_ring_shrink(ring, MEMLOG_RING_MIN, 7));
	KUNIT_EXPECT_EQ(test, ring->oldest_seq, oldest + 7);
	while (memlog_ring_shrink(ring, MEMLOG_RING_MIN, 7))
		;
	KUNIT_EXPECT_EQ(test, ring->capacity, (u64)MEMLOG_RING_MIN);
	KUNIT_EXPECT_LE(test, ring->head - ring->tail, ring->capacity);
	KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), ring->oldest_seq);
}

static void memlog_test_hash(struct kunit *test)
{
	u8 joined[MEMLOG_HASH_BYTES + MEMLOG_HEADER_BYTES + MEMLOG_HASH_BYTES];
	u8 running[MEMLOG_HASH_BYTES];
	struct memlog_cursor cursor = {};

	while (memlog_test_put(100) < 1000)
		;
	memcpy(running, ring->hash_before, sizeof(running));
	while (memlog_test_take(test, &cursor)) {
		memcpy(joined, running, sizeof(running));
		memcpy(joined + sizeof(running), frame, MEMLOG_HEADER_BYTES);
		sha256(frame + MEMLOG_HEADER_BYTES, 100,
		       joined + sizeof(running) + MEMLOG_HEADER_BYTES);
		sha256(joined, sizeof(joined), running);
	}
	KUNIT_EXPECT_EQ(test, 0, memcmp(running, ring->hash_after, sizeof(running)));
}

static void memlog_test_clear(struct kunit *test)
{
	struct memlog_buffer unused = {};
	struct memlog_cursor cursor = {};
	struct memlog_info info = {};

	while (memlog_test_put(10) < 9)
		;
	memlog_ring_clear(ring, &unused);
	kvfree(unused.data);
	memlog_ring_info(ring, &info);
	KUNIT_EXPECT_EQ(test, info.cleared, 9ULL);
	KUNIT_EXPECT_EQ(test, info.evicted, 0ULL);
	KUNIT_EXPECT_EQ(test, info.oldest_seq, info.next_seq);
	KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), 0ULL);
	unused = memlog_test_buffer(test, MEMLOG_RING_MIN);
	memlog_ring_swap_buffer(ring, &unused);
	KUNIT_EXPECT_EQ(test, memlog_test_put(10), 10ULL);
	KUNIT_EXPECT_EQ(test, memlog_test_take(test, &cursor), 10ULL);
}

static u64 memlog_test_drained(void)
{
	struct memlog_info info = {};

	memlog_ring_info(ring, &info);
	return info.drained_seq;
}

static void memlog_test_marks(struct kunit *test)
{
	struct memlog_info info = {};
	u32 other;

	while (memlog_test_put(10) < 9)
		;
	KUNIT_EXPECT_EQ(test, memlog_test_drained(), 0ULL);
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, 0, 10), -EINVAL);
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, 0, 9), 0);
	KUNIT_EXPECT_EQ(test, memlog_test_drained(), 9ULL);
	/* The user's own witness begins: nothing counts until it has it too. */
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, MEMLOG_TEST_UID, 0), 0);
	KUNIT_EXPECT_EQ(test, memlog_test_drained(), 0ULL);
	memlog_ring_info(ring, &info);
	KUNIT_EXPECT_EQ(test, info.archived_seq, 9ULL);
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, MEMLOG_TEST_UID, 4), 0);
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, MEMLOG_TEST_UID, 2), 0);
	KUNIT_EXPECT_EQ(test, memlog_test_drained(), 4ULL);
	/* Other capable witnesses have places as long as there are. */
	for (other = 1; other < MEMLOG_MARKS - 1; other++)
		KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, other, 7), 0);
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, other, 7), -ENOSPC);
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, MEMLOG_TEST_UID, 8), 0);
	KUNIT_EXPECT_EQ(test, memlog_test_drained(), 7ULL);
	/* Those who have been silent for a week count no longer. */
	for (other = 2; other < MEMLOG_MARKS; other++)
		ring->marks[other].told_ns -= MEMLOG_MARK_NS;
	KUNIT_EXPECT_EQ(test, memlog_test_drained(), 8ULL);
	KUNIT_EXPECT_EQ(test, memlog_ring_mark(ring, 1000, 6), 0);
	KUNIT_EXPECT_EQ(test, memlog_test_drained(), 6ULL);
}

static struct kunit_case memlog_test_cases[] = {
	KUNIT_CASE(memlog_test_order),
	KUNIT_CASE(memlog_test_eviction),
	KUNIT_CASE(memlog_test_maximal),
	KUNIT_CASE(memlog_test_resize),
	KUNIT_CASE(memlog_test_hash),
	KUNIT_CASE(memlog_test_clear),
	KUNIT_CASE(memlog_test_marks),
	{}
};

static struct kunit_suite memlog_test_suite = {
	.name = "memlog_ring",
	.init = memlog_test_init,
	.exit = memlog_test_exit,
	.test_cases = memlog_test_cases,
};

kunit_test_suite(memlog_test_suite);
