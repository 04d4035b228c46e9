// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_fuzz.c - drives driver/memlog_ring.c by dice, beside a model of it
 *
 *	ring_fuzz fuzz SEED STEPS	exits 0, or aborts at the first difference
 *	ring_fuzz bounds		every length at every edge of the buffer
 *	ring_fuzz dump COUNT		struct memlog_info, then the frames, raw
 *
 * The model knows of every record ever written its length, time and running
 * hash; a blob is computed from its seq. Buffers have their exact size, so that
 * the address sanitizer sees a byte too far.
 */

#include <stdio.h>
#include <stdlib.h>

#include "memlog_ring.h"

#define READERS		4
#define OWNER		7
#define WITNESSES	(MEMLOG_MARKS + 2)	/* more than have a place; uids from OWNER */
#define FRAME_MAX	(MEMLOG_HEADER_BYTES + MEMLOG_MAX_BLOB)

#define must(what)							\
	do {								\
		if (what)						\
			break;						\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
		abort();						\
	} while (0)

struct known {
	u64 ts_ns;
	u32 length;
	u8 hash[MEMLOG_HASH_BYTES];
};

static struct memlog_ring ring;
static struct known *known;	/* by seq; [0] has the hash before the first */
static u64 newest, oldest = 1, cleared, evictions_seen, writes_seen;
static u64 clock_ns = 1000, uptime_ns = 1000, dice;
static u64 marks[WITNESSES], told_ns[WITNESSES], lapses, archived;
static struct memlog_cursor cursors[READERS];
static u64 wanted[READERS];
static u8 blob[MEMLOG_MAX_BLOB], expected[MEMLOG_MAX_BLOB];

u64 ktime_get_real_ns(void)
{
	must(ring.lock.held);
	return clock_ns++;
}

u64 ktime_get_ns(void)
{
	must(ring.lock.held);
	return uptime_ns;
}

void trace_record_written(u32 uid, u32 pid, u64 seq, u32 length)
{
	must(uid == OWNER && pid == 11 && length && seq == ++writes_seen);
}

void trace_record_evicted(u32 uid, u64 seq, u32 length)
{
	must(uid == OWNER && length == known[seq].length);
	evictions_seen++;
}

static u64 throw(u64 below)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice % below;
}

static void fill(u8 *to, u64 seq, u32 length)
{
	u64 word = seq * 0x9e3779b97f4a7c15u + length;
	u32 i;

	for (i = 0; i < length; i++) {
		if (i % 8 == 0)
			word = word * 6364136223846793005u + 1442695040888963407u;
		to[i] = word >> 8 * (i % 8);
	}
}

static u64 taken(u32 length)
{
	return (MEMLOG_HASH_BYTES + MEMLOG_HEADER_BYTES + length + 7) / 8 * 8;
}

static u64 held_bytes(void)
{
	u64 seq, bytes = 0;

	for (seq = oldest; seq <= newest; seq++)
		bytes += taken(known[seq].length);
	return bytes;
}

static struct memlog_buffer new_buffer(u64 size)
{
	struct memlog_buffer buffer = { malloc(size), size };

	must(buffer.data);
	memset(buffer.data, 0xee, size);
	return buffer;
}

static void hash_one(const struct memlog_record_header *hdr, u8 *digest)
{
	struct sha256_state state;
	u8 of_blob[MEMLOG_HASH_BYTES];

	sha256(blob, hdr->length, of_blob);
	sha256_init(&state);
	sha256_update(&state, known[hdr->seq - 1].hash, MEMLOG_HASH_BYTES);
	sha256_update(&state, (const u8 *)hdr, sizeof(*hdr));
	sha256_update(&state, of_blob, sizeof(of_blob));
	sha256_final(&state, digest);
}

static void put(u32 length)
{
	struct memlog_record_header hdr = { .length = length, .pid = 11 };
	u64 capacity = ring.capacity, bytes = held_bytes();
	u8 digest[MEMLOG_HASH_BYTES];

	if (!ring.buffer.data) {
		struct memlog_buffer fresh =
			new_buffer(memlog_ring_buffer_bytes(capacity));

		memlog_ring_swap_buffer(&ring, &fresh);
		must(!fresh.data);
	}
	while (oldest <= newest && bytes + taken(length) > capacity)
		bytes -= taken(known[oldest++].length);
	fill(blob, ++newest, length);
	known[newest].length = length;
	known[newest].ts_ns = clock_ns;
	sha256(blob, length, digest);
	memlog_ring_put(&ring, &hdr, blob, digest);
	must(hdr.seq == newest && hdr.ts_ns == known[newest].ts_ns);
	must(hdr.magic == MEMLOG_MAGIC && hdr.schema_version == 1 && hdr.uid == OWNER);
	hash_one(&hdr, known[newest].hash);
}

static void read_one(int who, bool copy_fails)
{
	struct memlog_record_header hdr;
	u64 seq = wanted[who] > oldest ? wanted[who] : oldest;
	size_t bytes = memlog_ring_peek(&ring, &cursors[who], &hdr);
	u8 *frame;

	if (seq > newest) {
		must(!bytes);
		return;
	}
	must(bytes == MEMLOG_HEADER_BYTES + known[seq].length);
	frame = malloc(bytes);
	must(memlog_ring_copy(&ring, &cursors[who], frame) == bytes);
	must(!memcmp(frame, &hdr, sizeof(hdr)));
	must(hdr.seq == seq && hdr.ts_ns == known[seq].ts_ns && hdr.pid == 11);
	fill(expected, seq, hdr.length);
	must(!memcmp(frame + sizeof(hdr), expected, hdr.length));
	free(frame);
	if (copy_fails)
		return;
	memlog_cursor_advance(&cursors[who], bytes);
	wanted[who] = seq + 1;
}

static void clear(void)
{
	struct memlog_buffer unused;

	cleared += newest + 1 - oldest;
	oldest = newest + 1;
	memlog_ring_clear(&ring, &unused);
	free(unused.data);
	must(!ring.buffer.data);
}

static void resize(u64 capacity)
{
	u64 size = memlog_ring_buffer_bytes(capacity);

	must(size % 4096 == 0 && size >= capacity && size < capacity + 8192);
	for (;;) {
		unsigned int limit = 1 + throw(40);
		u64 before = ring.evicted;
		bool again = memlog_ring_shrink(&ring, capacity, limit);

		must(ring.evicted - before <= limit);
		oldest += ring.evicted - before;
		if (!again)
			break;
		must(ring.capacity > capacity);
		if (throw(4) == 0)
			put(1 + throw(300));
	}
	if (ring.buffer.data) {
		struct memlog_buffer buffer = new_buffer(size);

		memlog_ring_swap_buffer(&ring, &buffer);
		free(buffer.data);
	}
	ring.capacity = capacity;
	/* As much was kept as fits, and the newest in any case. */
	must(held_bytes() <= capacity || oldest == newest);
}

static bool counts(int who)
{
	return told_ns[who] && uptime_ns - told_ns[who] < MEMLOG_MARK_NS;
}

static int how_many_count(void)
{
	int who, count = 0;

	for (who = 1; who < WITNESSES; who++)
		count += counts(who);
	return count;
}

/* A mark that lapsed may have lost its place: then it begins anew. */
static void mark(int who, u64 seq)
{
	bool has_place = !who || counts(who) || how_many_count() < MEMLOG_MARKS - 1;
	int err = memlog_ring_mark(&ring, OWNER + who, seq);
	struct memlog_mark *place;

	if (seq > newest) {
		must(err == -EINVAL);
		return;
	}
	must(err == (has_place ? 0 : -ENOSPC));
	if (err)
		return;
	for (place = ring.marks; place->witness != (u32)OWNER + who || !place->told_ns;)
		must(++place < ring.marks + MEMLOG_MARKS);
	if (!who || counts(who))
		must(place->seq == (seq > marks[who] ? seq : marks[who]));
	must(place->seq >= seq);
	marks[who] = place->seq;
	archived = seq > archived ? seq : archived;
	told_ns[who] = uptime_ns;
}

static u64 drained(void)
{
	u64 least = 0;
	bool any = false;
	int who;

	for (who = 0; who < WITNESSES; who++) {
		if (!counts(who)) {
			lapses += told_ns[who] > 0;
			continue;
		}
		least = any && least < marks[who] ? least : marks[who];
		any = true;
	}
	return least;
}

static void check(void)
{
	struct memlog_stats stats = {};
	struct memlog_info info = {};

	memlog_ring_stats(&ring, &stats);
	memlog_ring_info(&ring, &info);
	must(info.next_seq == newest + 1 && info.oldest_seq == oldest);
	must(info.evicted == oldest - 1 - cleared && info.cleared == cleared);
	must(info.evicted == evictions_seen && writes_seen == newest);
	must(stats.total_writes == newest && stats.total_evictions == info.evicted);
	must(stats.records_in_ring == newest + 1 - oldest);
	must(stats.ring_bytes == held_bytes());
	must(stats.ring_bytes <= ring.capacity || oldest == newest);
	must(stats.oldest_ts_ns == (oldest <= newest ? known[oldest].ts_ns : 0));
	must(stats.newest_ts_ns == (oldest <= newest ? known[newest].ts_ns : 0));
	must(!memcmp(info.hash_before, known[oldest - 1].hash, MEMLOG_HASH_BYTES));
	must(!memcmp(info.hash_after, known[newest].hash, MEMLOG_HASH_BYTES));
	must((oldest > newest) == !ring.buffer.data);
	must(info.drained_seq == drained());
	must(info.archived_seq == archived && archived >= info.drained_seq);
	must(info.ring_bytes == held_bytes());
	must(info.oldest_ts_ns == stats.oldest_ts_ns);
	must(info.newest_ts_ns == stats.newest_ts_ns);
}

static u32 some_length(void)
{
	switch (throw(16)) {
	case 0:
		return 1 + throw(MEMLOG_MAX_BLOB);
	case 1:
		return MEMLOG_MAX_BLOB - throw(9);
	case 2 ... 5:
		return 1 + throw(9);
	default:
		return 1 + throw(1500);
	}
}

static void step(void)
{
	u64 what = throw(1000);
	int who = throw(READERS);

	if (what < 550)
		put(some_length());
	else if (what < 920)
		read_one(who, throw(5) == 0);
	else if (what < 955)
		mark(throw(WITNESSES), newest + 2 - throw(newest < 400 ? newest + 3 : 400));
	else if (what < 960)
		uptime_ns += throw(MEMLOG_MARK_NS / 2);
	else if (what < 970)
		cursors[who] = (struct memlog_cursor){}, wanted[who] = 0;
	else if (what < 985)
		resize(throw(2) ? MEMLOG_RING_MIN : MEMLOG_RING_MIN + throw(1 << 18));
	else if (what < 988)
		clear();
	else
		while (oldest <= newest && wanted[who] <= newest)
			read_one(who, false);
}

static void begin(u64 capacity, u64 records)
{
	known = calloc(records + 1, sizeof(*known));
	must(known);
	memlog_ring_init(&ring, OWNER, capacity, true);
	ring.lock.held = true;
}

/* Every place of a mark is taken by another witness: what was archived stays so. */
static void replace_marks(void)
{
	int who;

	put(1);
	uptime_ns += MEMLOG_MARK_NS;
	mark(1, newest);
	uptime_ns += MEMLOG_MARK_NS;
	for (who = 2; who < WITNESSES; who++)
		mark(who, 0);
	check();
}

static void fuzz(u64 seed, u64 steps)
{
	u64 i;

	dice = seed * 2 + 1;
	begin(MEMLOG_RING_MIN, steps * 200);
	for (i = 0; i < steps; i++) {
		step();
		if (i % 8 == 0)
			check();
	}
	must(evictions_seen > steps / 10 && cleared && lapses);
	replace_marks();
	clear();
	check();
}

/* Each length with the record's start at each place around the buffer's end. */
static void bounds(void)
{
	static const u32 lengths[] = { 1, 7, 8, 9, 65528, 65535, 65536 };
	u64 size = memlog_ring_buffer_bytes(MEMLOG_RING_MIN);
	unsigned int i, shift;

	begin(MEMLOG_RING_MIN, 4096);
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		for (shift = 0; shift < 25; shift++) {
			ring.head += size - (ring.head + 96) % size + 8 * shift;
			clear();
			put(lengths[i]);
			check();
			read_one(0, false);
			put(1 + shift);
			check();
		}
	}
	clear();
}

static void dump(u64 count)
{
	struct memlog_info info = {};
	struct memlog_record_header hdr;
	u8 *frame = malloc(FRAME_MAX);
	size_t bytes;
	u64 i;

	begin(MEMLOG_RING_MIN, count);
	for (i = 0; i < count; i++)
		put(1 + i * 37 % 3000);
	memlog_ring_info(&ring, &info);
	fwrite(&info, sizeof(info), 1, stdout);
	while ((bytes = memlog_ring_peek(&ring, &cursors[0], &hdr))) {
		fwrite(frame, memlog_ring_copy(&ring, &cursors[0], frame), 1, stdout);
		memlog_cursor_advance(&cursors[0], bytes);
	}
	free(frame);
	clear();
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		fuzz(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	else if (argc == 2 && !strcmp(argv[1], "bounds"))
		bounds();
	else if (argc == 3 && !strcmp(argv[1], "dump"))
		dump(strtoull(argv[2], NULL, 10));
	else
		return 2;
	free(known);
	return 0;
}
