// SPDX-License-Identifier: GPL-2.0-only
/*
 * All rings, and the memory they may take together
 */

/**
 * DOC: The registry
 *
 * A uid's ring is made when that uid first opens the device, and lives until
 * the module goes: its seqs and counters must never start over under one
 * ring_id. So rings are only ever added, and are looked up and walked without a
 * lock. What comes and goes is a ring's buffer, accounted to the memory cgroup of
 * whoever wrote first, and charged against one cap for all.
 */

#include <crypto/sha2.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "memlog_registry.h"

/* Records evicted under one hold of a ring's lock while it shrinks. */
#define MEMLOG_SHRINK_STEP	512

/**
 * struct memlog_registry - the one there is
 * @lock: adding a ring, and changing the size of all
 * @rings: @count of them, in order of creation
 * @count: published after the ring it counts
 * @limits: as given at load
 * @ring_size: capacity of every ring
 * @bytes: of all buffers
 * @wait_any: privileged readers, who poll for other uids' records
 * @ring_id: one random value per module load
 */
static struct memlog_registry {
	struct mutex lock;		/* before any ring's */
	struct memlog_ring **rings;
	unsigned int count;
	struct memlog_limits limits;
	u32 ring_size;
	atomic64_t bytes;
	wait_queue_head_t wait_any;
	u8 ring_id[MEMLOG_RING_ID_BYTES];
} registry;

static void memlog_buffer_free(struct memlog_buffer *buffer)
{
	if (!buffer->data)
		return;
	/* Records may hold what nobody should find in a page given away. */
	kvfree_sensitive(buffer->data, buffer->size);
	atomic64_sub(buffer->size, &registry.bytes);
	*buffer = (struct memlog_buffer){};
}

static int memlog_buffer_alloc(struct memlog_buffer *buffer, u64 size)
{
	if (atomic64_add_return(size, &registry.bytes) >
	    registry.limits.max_bytes) {
		atomic64_sub(size, &registry.bytes);
		return -ENOSPC;
	}
	/*
	 * Not kvmalloc(): its kmalloc() half rounds up to a power of two pages,
	 * so that 68 KiB would take 128.
	 */
	buffer->data = __vmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!buffer->data) {
		atomic64_sub(size, &registry.bytes);
		return -ENOMEM;
	}
	buffer->size = size;
	return 0;
}

/**
 * memlog_ring_count() - rings there are by now
 *
 * Return: every index below it has a ring.
 */
unsigned int memlog_ring_count(void)
{
	/* Pairs with the release in memlog_ring_of(): a ring counted is whole. */
	return smp_load_acquire(&registry.count);
}

/**
 * memlog_ring_at() - a ring by its place
 * @index: below memlog_ring_count()
 *
 * Return: that ring, which stays until the module goes.
 */
struct memlog_ring *memlog_ring_at(unsigned int index)
{
	return registry.rings[index];
}

/**
 * memlog_ring_find() - a uid's ring
 * @uid: in the initial user namespace
 *
 * Return: NULL where it has none yet.
 */
struct memlog_ring *memlog_ring_find(u32 uid)
{
	unsigned int i, count = memlog_ring_count();

	for (i = 0; i < count; i++)
		if (registry.rings[i]->uid == uid)
			return registry.rings[i];
	return NULL;
}

/**
 * memlog_ring_of() - a uid's ring, made where there is none
 * @uid: in the initial user namespace
 *
 * Return: the ring, or an ERR_PTR: -ENOSPC (cap on rings), -ENOMEM.
 */
struct memlog_ring *memlog_ring_of(u32 uid)
{
	struct memlog_ring *ring = memlog_ring_find(uid);

	if (ring)
		return ring;
	mutex_lock(&registry.lock);
	ring = memlog_ring_find(uid);
	if (ring)
		goto unlock;
	ring = ERR_PTR(-ENOSPC);
	if (registry.count == registry.limits.max_rings)
		goto unlock;
	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring) {
		ring = ERR_PTR(-ENOMEM);
		goto unlock;
	}
	memlog_ring_init(ring, uid, registry.ring_size,
			 registry.limits.keeps_hash);
	ring->index = registry.count;
	registry.rings[ring->index] = ring;
	/* Pairs with the acquire in memlog_ring_count(). */
	smp_store_release(&registry.count, ring->index + 1);
unlock:
	mutex_unlock(&registry.lock);
	return ring;
}

/**
 * memlog_wait_any() - who waits for a record of any uid
 *
 * Return: woken by every write. Unprivileged readers wait on their own ring
 * only, so that nobody's wake-ups tell of others.
 */
wait_queue_head_t *memlog_wait_any(void)
{
	return &registry.wait_any;
}

/**
 * memlog_copy_ring_id() - the random value of this module load
 * @to: MEMLOG_RING_ID_BYTES of room
 */
void memlog_copy_ring_id(u8 *to)
{
	memcpy(to, registry.ring_id, MEMLOG_RING_ID_BYTES);
}

/**
 * memlog_ring_size() - capacity every ring is meant to have
 *
 * Return: bytes.
 */
u32 memlog_ring_size(void)
{
	return READ_ONCE(registry.ring_size);
}

static int memlog_lock_with_buffer(struct memlog_ring *ring,
				   struct memlog_buffer *spare)
{
	mutex_lock(&ring->lock);
	while (!ring->buffer.data) {
		u64 want = memlog_ring_buffer_bytes(ring->capacity);
		int err;

		if (spare->size == want) {
			memlog_ring_swap_buffer(ring, spare);
			break;
		}
		mutex_unlock(&ring->lock);
		memlog_buffer_free(spare);
		err = memlog_buffer_alloc(spare, want);
		if (err)
			return err;
		mutex_lock(&ring->lock);
	}
	return 0;
}

/**
 * memlog_store() - one record into a ring, and its readers woken
 * @ring: the writer's
 * @hdr: as memlog_ring_put() takes it
 * @blob: in kernel memory
 *
 * The blob is hashed before the lock is taken: nobody waits for another's.
 *
 * Return: 0, -ENOSPC (cap on memory) or -ENOMEM; then nothing is stored.
 */
int memlog_store(struct memlog_ring *ring, struct memlog_record_header *hdr,
		 const void *blob)
{
	struct memlog_buffer spare = {};
	u8 digest[MEMLOG_HASH_BYTES];
	int err;

	if (ring->keeps_hash)
		sha256(blob, hdr->length, digest);
	err = memlog_lock_with_buffer(ring, &spare);
	if (err)
		return err;
	memlog_ring_put(ring, hdr, blob, digest);
	mutex_unlock(&ring->lock);
	memlog_buffer_free(&spare);	/* another writer was faster */

	if (wq_has_sleeper(&ring->wait))
		wake_up_interruptible_poll(&ring->wait, EPOLLIN | EPOLLRDNORM);
	if (wq_has_sleeper(&registry.wait_any))
		wake_up_interruptible_poll(&registry.wait_any,
					   EPOLLIN | EPOLLRDNORM);
	return 0;
}

/**
 * memlog_drop() - all records of a ring, and the memory they took
 * @ring: the ring to empty
 */
void memlog_drop(struct memlog_ring *ring)
{
	struct memlog_buffer unused = {};

	mutex_lock(&ring->lock);
	memlog_ring_clear(ring, &unused);
	mutex_unlock(&ring->lock);
	memlog_buffer_free(&unused);
}

static int memlog_resize_one(struct memlog_ring *ring, u32 size)
{
	u64 want = memlog_ring_buffer_bytes(size);
	struct memlog_buffer spare = {};
	int err = 0;

	mutex_lock(&ring->lock);
	while (memlog_ring_shrink(ring, size, MEMLOG_SHRINK_STEP)) {
		mutex_unlock(&ring->lock);
		cond_resched();
		mutex_lock(&ring->lock);
	}
	if (!ring->buffer.data || ring->buffer.size == want)
		goto resized;
	mutex_unlock(&ring->lock);
	err = memlog_buffer_alloc(&spare, want);
	mutex_lock(&ring->lock);
	if (ring->buffer.data && spare.data)
		memlog_ring_swap_buffer(ring, &spare);
	if (ring->buffer.data && ring->buffer.size < want)
		goto unlock;
	err = 0;	/* smaller, in a buffer that is not, is resized too */
resized:
	ring->capacity = size;
unlock:
	mutex_unlock(&ring->lock);
	memlog_buffer_free(&spare);
	return err;
}

/**
 * memlog_resize() - the capacity of every ring, those to come included
 * @size: bytes, within the limits of memlog.h
 *
 * Return: 0, -EINVAL (out of bounds, nothing done), or the -ENOMEM or -ENOSPC
 * of the first ring that could not grow and keeps what it had.
 */
int memlog_resize(u32 size)
{
	unsigned int i;
	int err = 0;

	if (size < MEMLOG_RING_MIN || size > MEMLOG_RING_MAX)
		return -EINVAL;
	mutex_lock(&registry.lock);
	WRITE_ONCE(registry.ring_size, size);
	for (i = 0; i < registry.count; i++) {
		int one = memlog_resize_one(registry.rings[i], size);

		err = err ?: one;
	}
	mutex_unlock(&registry.lock);
	return err;
}

/**
 * memlog_registry_init() - no rings but root's
 * @limits: copied
 * @ring_size: capacity of every ring
 *
 * Root's ring is there from the start, so that a cap on rings which others have
 * reached does not lock its witness out.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int memlog_registry_init(const struct memlog_limits *limits, u32 ring_size)
{
	if (!limits->max_rings || limits->max_rings > MEMLOG_RINGS_MAX)
		return -EINVAL;
	if (ring_size < MEMLOG_RING_MIN || ring_size > MEMLOG_RING_MAX)
		return -EINVAL;
	registry.limits = *limits;
	registry.ring_size = ring_size;
	registry.rings = kvcalloc(limits->max_rings, sizeof(*registry.rings),
				  GFP_KERNEL);
	if (!registry.rings)
		return -ENOMEM;
	mutex_init(&registry.lock);
	init_waitqueue_head(&registry.wait_any);
	get_random_bytes(registry.ring_id, sizeof(registry.ring_id));
	if (IS_ERR(memlog_ring_of(0))) {
		kvfree(registry.rings);
		return -ENOMEM;
	}
	return 0;
}

/**
 * memlog_registry_exit() - every ring and buffer freed
 *
 * No file is open any more, so nobody holds a ring.
 */
void memlog_registry_exit(void)
{
	unsigned int i;

	for (i = 0; i < registry.count; i++) {
		memlog_drop(registry.rings[i]);
		kfree(registry.rings[i]);
	}
	kvfree(registry.rings);
}
