// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open file of /dev/memlog: read, write, poll, seek
 */

/**
 * DOC: The file
 *
 * Whose records a file writes and reads is settled by the credentials it was
 * opened with, in the initial user namespace: passing the file on passes on that
 * right and no other, and no user namespace can forge it.
 *
 * read() gives one whole record, or 0 when nothing is new, and never sleeps,
 * with or without O_NONBLOCK; poll() is what sleeps. A reader moves on only after
 * its copy succeeded. A buffer too short is EINVAL and the record stays;
 * FIONREAD says what it takes.
 *
 * write() and writev() store one record each, or nothing.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include "memlog_compat.h"
#include "memlog_device.h"

#define MEMLOG_FRAME_MAX	(MEMLOG_HEADER_BYTES + MEMLOG_MAX_BLOB)
#define MEMLOG_PLACE_STEP	16
#define MEMLOG_LOOKS		3

/**
 * memlog_is_privileged() - may this file do what needs CAP_SYS_ADMIN
 * @filp: judged by the credentials it was opened with
 *
 * Return: true with the capability in the initial user namespace.
 */
bool memlog_is_privileged(struct file *filp)
{
	return file_ns_capable(filp, &init_user_ns, CAP_SYS_ADMIN);
}

static bool memlog_in_writer_group(const struct cred *cred)
{
	int number = memlog_writer_gid();
	kgid_t gid;
	int i;

	if (number < 0)
		return false;
	gid = make_kgid(&init_user_ns, number);
	if (!gid_valid(gid))
		return false;
	if (gid_eq(cred->fsgid, gid))
		return true;
	for (i = 0; i < cred->group_info->ngroups; i++)
		if (gid_eq(cred->group_info->gid[i], gid))
			return true;
	return false;
}

static bool memlog_may_write(struct file *filp)
{
	return memlog_in_writer_group(filp->f_cred) ||
	       memlog_is_privileged(filp);
}

/*
 * Inside a user namespace one user can be thousands of uids, and would leave no
 * ring to others: there, only who made the outermost namespace opens the device, or
 * anybody where that was root, which set the uids apart then.
 */
static bool memlog_may_open(const struct cred *cred)
{
	const struct user_namespace *ns = cred->user_ns;

	if (ns == &init_user_ns)
		return true;
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	return uid_eq(ns->owner, cred->euid) ||
	       uid_eq(ns->owner, GLOBAL_ROOT_UID);
}

static int memlog_open(struct inode *inode, struct file *filp)
{
	struct memlog_file *mf;

	if (!memlog_may_open(filp->f_cred))
		return -EACCES;
	mf = kzalloc(sizeof(*mf), GFP_KERNEL_ACCOUNT);
	if (!mf)
		return -ENOMEM;
	mf->uid = from_kuid(&init_user_ns, filp->f_cred->euid);
	mf->own = memlog_ring_of(mf->uid);
	if (IS_ERR(mf->own)) {
		int err = PTR_ERR(mf->own);

		kfree(mf);
		return err;
	}
	mutex_init(&mf->lock);
	spin_lock_init(&mf->session_lock);
	filp->private_data = mf;
	/* There is a cursor, but no offset: pread() and pwrite() are ESPIPE. */
	filp->f_mode &= ~(FMODE_PREAD | FMODE_PWRITE);
	memlog_hide_from_watches(filp);
	return 0;
}

static int memlog_release(struct inode *inode, struct file *filp)
{
	struct memlog_file *mf = filp->private_data;

	kvfree_sensitive(mf->bounce, mf->bounce_bytes);
	kvfree(mf->places);
	kfree(mf);
	return 0;
}

static ssize_t memlog_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct memlog_file *mf = iocb->ki_filp->private_data;
	size_t length = iov_iter_count(from);
	struct memlog_record_header hdr = {
		.length = length,
		.pid = task_tgid_nr(current),
	};
	void *blob;
	int err;

	if (!memlog_may_write(iocb->ki_filp))
		return -EACCES;
	if (!length)
		return 0;
	if (length > MEMLOG_MAX_BLOB)
		return -EMSGSIZE;
	blob = kvmalloc(length, GFP_KERNEL_ACCOUNT);
	if (!blob)
		return -ENOMEM;
	err = -EFAULT;
	if (!copy_from_iter_full(blob, length, from))
		goto free_blob;
	spin_lock(&mf->session_lock);
	memcpy(hdr.session_id, mf->session, sizeof(hdr.session_id));
	spin_unlock(&mf->session_lock);
	err = memlog_store(mf->own, &hdr, blob);
free_blob:
	kvfree_sensitive(blob, length);
	return err ?: length;
}

/**
 * memlog_file_ring() - the one ring a file is about
 * @mf: an open file
 *
 * Return: the ring FILTER_UID named, else the opener's; NULL where the named uid
 * has none yet.
 */
struct memlog_ring *memlog_file_ring(struct memlog_file *mf)
{
	if (mf->all || mf->uid == mf->own->uid)
		return mf->own;
	return memlog_ring_find(mf->uid);
}

static int memlog_grow_places(struct memlog_file *mf, unsigned int count)
{
	struct memlog_place *places;

	if (count <= mf->place_count)
		return 0;
	count = round_up(count, MEMLOG_PLACE_STEP);
	places = kvcalloc(count, sizeof(*places), GFP_KERNEL_ACCOUNT);
	if (!places)
		return -ENOMEM;
	if (mf->places)
		memcpy(places, mf->places, mf->place_count * sizeof(*places));
	kvfree(mf->places);
	mf->places = places;
	mf->place_count = count;
	return 0;
}

static int memlog_peek_one(struct memlog_file *mf, struct memlog_ring *ring)
{
	struct memlog_place *place = &mf->places[ring->index];
	struct memlog_record_header hdr;
	int bytes;

	mutex_lock(&ring->lock);
	bytes = memlog_ring_peek(ring, &place->cursor, &hdr);
	mutex_unlock(&ring->lock);
	place->ts_ns = bytes ? hdr.ts_ns : U64_MAX;
	return bytes;
}

static int memlog_look_at_all(struct memlog_file *mf)
{
	unsigned int i, count = memlog_ring_count();

	if (memlog_grow_places(mf, count))
		return -ENOMEM;
	mf->looked_ns = ktime_get_real_ns();
	mf->looked_at = count;
	for (i = 0; i < count; i++)
		memlog_peek_one(mf, memlog_ring_at(i));
	return 0;
}

static struct memlog_ring *memlog_oldest(struct memlog_file *mf, u64 *ts_ns)
{
	struct memlog_ring *found = NULL;
	unsigned int i;

	*ts_ns = U64_MAX;
	for (i = 0; i < mf->looked_at; i++) {
		if (mf->places[i].ts_ns >= *ts_ns)
			continue;
		*ts_ns = mf->places[i].ts_ns;
		found = memlog_ring_at(i);
	}
	return found;
}

/*
 * The ring with the oldest record. Whatever was written since the look at all
 * rings is younger than the look, so a record older than that is the oldest
 * without asking the other rings again; a younger one takes another look.
 */
static int memlog_peek_all(struct memlog_file *mf, struct memlog_ring **found)
{
	struct memlog_ring *ring, *seen = NULL;
	unsigned int looks = 0;
	int bytes = 0;
	u64 ts_ns;

	for (;;) {
		ring = memlog_oldest(mf, &ts_ns);
		if (!ring && looks)
			return 0;
		/* More looks than that: the clock was set back. */
		if (ring && (ts_ns < mf->looked_ns || looks == MEMLOG_LOOKS)) {
			if (ring == seen)
				break;
			bytes = memlog_peek_one(mf, ring);
			seen = ring;
			continue;
		}
		if (memlog_look_at_all(mf))
			return -ENOMEM;
		looks++;
		seen = NULL;
	}
	*found = ring;
	return bytes;
}

/**
 * memlog_file_peek() - the next record of whatever this file reads
 * @mf: caller holds @mf->lock
 * @found: the ring it is in
 *
 * Return: bytes of header and blob, 0 when nothing is new, or -ENOMEM.
 */
int memlog_file_peek(struct memlog_file *mf, struct memlog_ring **found)
{
	struct memlog_ring *ring;

	lockdep_assert_held(&mf->lock);
	if (mf->all)
		return memlog_peek_all(mf, found);
	ring = memlog_file_ring(mf);
	if (!ring)
		return 0;
	if (memlog_grow_places(mf, ring->index + 1))
		return -ENOMEM;
	*found = ring;
	return memlog_peek_one(mf, ring);
}

static int memlog_grow_bounce(struct memlog_file *mf, size_t bytes)
{
	void *bounce;

	if (bytes <= mf->bounce_bytes)
		return 0;
	bytes = min_t(size_t, PAGE_ALIGN(bytes), MEMLOG_FRAME_MAX);
	bounce = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!bounce)
		return -ENOMEM;
	kvfree_sensitive(mf->bounce, mf->bounce_bytes);
	mf->bounce = bounce;
	mf->bounce_bytes = bytes;
	return 0;
}

/*
 * The record into the bounce buffer; 0 when it has to be looked for anew. Evicted
 * since the peek, it is the next one: else those who write fast enough into a small
 * ring would keep its reader looking for ever. Of all rings that may not be the
 * oldest.
 */
static size_t memlog_fetch(struct memlog_file *mf, struct memlog_ring *ring,
			   size_t room)
{
	struct memlog_cursor *cursor = &mf->places[ring->index].cursor;
	struct memlog_record_header hdr;
	u64 wanted = cursor->seq;
	size_t bytes, fetched = 0;

	mutex_lock(&ring->lock);
	bytes = memlog_ring_peek(ring, cursor, &hdr);
	if (bytes && bytes <= room && (cursor->seq == wanted || !mf->all))
		fetched = memlog_ring_copy(ring, cursor, mf->bounce);
	mutex_unlock(&ring->lock);
	return fetched;
}

static ssize_t memlog_read_locked(struct memlog_file *mf, struct iov_iter *to)
{
	struct memlog_ring *ring;
	size_t fetched;
	int bytes;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		bytes = memlog_file_peek(mf, &ring);
		if (bytes <= 0)
			return bytes;
		if (bytes > iov_iter_count(to))
			return -EINVAL;
		if (memlog_grow_bounce(mf, bytes))
			return -ENOMEM;
		fetched = memlog_fetch(mf, ring, min_t(size_t, mf->bounce_bytes,
						       iov_iter_count(to)));
	} while (!fetched);

	if (copy_to_iter(mf->bounce, fetched, to) != fetched)
		return -EFAULT;
	memlog_cursor_advance(&mf->places[ring->index].cursor, fetched);
	return fetched;
}

static ssize_t memlog_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct memlog_file *mf = iocb->ki_filp->private_data;
	ssize_t bytes;

	if (mutex_lock_interruptible(&mf->lock))
		return -ERESTARTSYS;
	bytes = memlog_read_locked(mf, to);
	mutex_unlock(&mf->lock);
	return bytes;
}

/*
 * Unprivileged readers are woken by their own ring only: others do not show. The
 * queue is the same all the file's life, since epoll asks for it once, and
 * FILTER_UID may come later.
 */
static wait_queue_head_t *memlog_queue(struct file *filp)
{
	struct memlog_file *mf = filp->private_data;

	return memlog_is_privileged(filp) ? memlog_wait_any() : &mf->own->wait;
}

/**
 * memlog_file_moved() - wake who polls: there may be something without a write
 * @filp: whose reader is elsewhere now; its lock is not held
 */
void memlog_file_moved(struct file *filp)
{
	wait_queue_head_t *queue = memlog_queue(filp);

	if (wq_has_sleeper(queue))
		wake_up_interruptible_poll(queue, EPOLLIN | EPOLLRDNORM);
}

static __poll_t memlog_poll(struct file *filp, poll_table *wait)
{
	struct memlog_file *mf = filp->private_data;
	struct memlog_ring *ring;
	__poll_t mask = 0;
	int bytes;

	if (memlog_may_write(filp))
		mask = EPOLLOUT | EPOLLWRNORM;
	if (mutex_lock_killable(&mf->lock))
		return EPOLLERR;
	poll_wait(filp, memlog_queue(filp), wait);
	bytes = memlog_file_peek(mf, &ring);
	mutex_unlock(&mf->lock);
	if (bytes < 0)
		return mask | EPOLLERR;
	if (bytes)
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static loff_t memlog_llseek(struct file *filp, loff_t offset, int whence)
{
	struct memlog_file *mf = filp->private_data;

	if (offset || whence != SEEK_SET)
		return -ESPIPE;
	if (mutex_lock_interruptible(&mf->lock))
		return -ERESTARTSYS;
	if (mf->places)
		memset(mf->places, 0, mf->place_count * sizeof(*mf->places));
	mf->looked_ns = 0;
	mf->looked_at = 0;
	mutex_unlock(&mf->lock);
	memlog_file_moved(filp);
	return 0;
}

const struct file_operations memlog_fops = {
	.owner		= THIS_MODULE,
	.open		= memlog_open,
	.release	= memlog_release,
	.read_iter	= memlog_read_iter,
	.write_iter	= memlog_write_iter,
	.poll		= memlog_poll,
	.llseek		= memlog_llseek,
	.unlocked_ioctl	= memlog_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};
