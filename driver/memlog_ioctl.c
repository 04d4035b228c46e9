// SPDX-License-Identifier: GPL-2.0-only
/*
 * The eight ioctls of schema/memlog.h, and FIONREAD
 */

/**
 * DOC: The ioctls
 *
 * 1-5 are what existing clients use. STATS and CLEAR are about the opener's ring,
 * and about all of them with the capability; a capable file that reads one other
 * uid still counts and clears all. GET_INFO and SET_DRAINED are about one ring: the
 * one FILTER_UID named, else the opener's; a mark is the opener's own, whichever
 * ring it is on.
 *
 * Every struct is zeroed before it is filled, and every field has an explicit
 * place, so nothing of the kernel's stack leaves it.
 */

#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <asm/ioctls.h>

#include "memlog_device.h"

static void memlog_count(struct memlog_ring *ring, struct memlog_stats *stats)
{
	mutex_lock(&ring->lock);
	memlog_ring_stats(ring, stats);
	mutex_unlock(&ring->lock);
}

static long memlog_get_stats(struct file *filp, struct memlog_stats __user *to)
{
	struct memlog_file *mf = filp->private_data;
	struct memlog_stats stats = {};
	unsigned int i;

	if (memlog_is_privileged(filp))
		for (i = 0; i < memlog_ring_count(); i++)
			memlog_count(memlog_ring_at(i), &stats);
	else
		memlog_count(mf->own, &stats);
	if (!stats.ring_capacity)	/* of rings without a record */
		stats.ring_capacity = memlog_ring_size();
	return copy_to_user(to, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static long memlog_clear(struct file *filp)
{
	struct memlog_file *mf = filp->private_data;
	unsigned int i;

	if (!memlog_is_privileged(filp)) {
		memlog_drop(mf->own);
		return 0;
	}
	for (i = 0; i < memlog_ring_count(); i++)
		memlog_drop(memlog_ring_at(i));
	return 0;
}

static long memlog_set_ring_size(struct file *filp, const u32 __user *from)
{
	u32 size;

	if (!memlog_is_privileged(filp))
		return -EPERM;
	if (get_user(size, from))
		return -EFAULT;
	return memlog_resize(size);
}

static long memlog_filter_uid(struct file *filp, const u32 __user *from)
{
	struct memlog_file *mf = filp->private_data;
	u32 uid;

	if (get_user(uid, from))
		return -EFAULT;
	/* 0 is everybody, for root too. */
	if ((!uid || uid != mf->own->uid) && !memlog_is_privileged(filp))
		return -EPERM;
	if (mutex_lock_interruptible(&mf->lock))
		return -ERESTARTSYS;
	mf->all = !uid;
	mf->uid = uid ?: mf->own->uid;
	mf->looked_ns = 0;
	mutex_unlock(&mf->lock);
	memlog_file_moved(filp);
	return 0;
}

static long memlog_set_session(struct memlog_file *mf, const void __user *from)
{
	u8 session[MEMLOG_SESSION_BYTES];

	if (copy_from_user(session, from, sizeof(session)))
		return -EFAULT;
	spin_lock(&mf->session_lock);
	memcpy(mf->session, session, sizeof(session));
	spin_unlock(&mf->session_lock);
	return 0;
}

static void memlog_info_of(struct memlog_file *mf, struct memlog_info *info)
{
	struct memlog_ring *ring = memlog_file_ring(mf);

	memlog_copy_ring_id(info->ring_id);
	if (!ring) {	/* as its ring will be once it has one */
		info->uid = mf->uid;
		info->next_seq = 1;
		info->oldest_seq = 1;
		info->capacity = memlog_ring_size();
		return;
	}
	mutex_lock(&ring->lock);
	memlog_ring_info(ring, info);
	mutex_unlock(&ring->lock);
}

static long memlog_get_info(struct memlog_file *mf, struct memlog_info __user *to)
{
	struct memlog_info info = {};

	if (mutex_lock_interruptible(&mf->lock))
		return -ERESTARTSYS;
	memlog_info_of(mf, &info);
	mutex_unlock(&mf->lock);
	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
}

static long memlog_set_drained(struct memlog_file *mf, const u64 __user *from)
{
	struct memlog_ring *ring;
	long err;
	u64 seq;

	if (copy_from_user(&seq, from, sizeof(seq)))
		return -EFAULT;
	if (mutex_lock_interruptible(&mf->lock))
		return -ERESTARTSYS;
	ring = memlog_file_ring(mf);
	mutex_unlock(&mf->lock);
	if (!ring)
		return seq ? -EINVAL : 0;
	mutex_lock(&ring->lock);
	err = memlog_ring_mark(ring, mf->own->uid, seq);
	mutex_unlock(&ring->lock);
	return err;
}

static long memlog_next_bytes(struct memlog_file *mf, int __user *to)
{
	struct memlog_ring *ring;
	int bytes;

	if (mutex_lock_interruptible(&mf->lock))
		return -ERESTARTSYS;
	bytes = memlog_file_peek(mf, &ring);
	mutex_unlock(&mf->lock);
	return bytes < 0 ? bytes : put_user(bytes, to);
}

/**
 * memlog_ioctl() - all there are
 * @filp: an open file of the device
 * @cmd: number, direction and size, as schema/memlog.h has them
 * @arg: pointer into user memory
 *
 * Return: 0 or an error; -ENOTTY for what is none of ours.
 */
long memlog_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct memlog_file *mf = filp->private_data;
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case MEMLOG_IOC_STATS:
		return memlog_get_stats(filp, argp);
	case MEMLOG_IOC_CLEAR:
		return memlog_clear(filp);
	case MEMLOG_IOC_SET_RING_SIZE:
		return memlog_set_ring_size(filp, argp);
	case MEMLOG_IOC_FILTER_UID:
		return memlog_filter_uid(filp, argp);
	case MEMLOG_IOC_GET_VERSION:
		return put_user(MEMLOG_SCHEMA_VERSION, (u32 __user *)argp);
	case MEMLOG_IOC_SET_SESSION:
		return memlog_set_session(mf, argp);
	case MEMLOG_IOC_GET_INFO:
		return memlog_get_info(mf, argp);
	case MEMLOG_IOC_SET_DRAINED:
		return memlog_set_drained(mf, argp);
	case FIONREAD:
		return memlog_next_bytes(mf, argp);
	default:
		return -ENOTTY;
	}
}
