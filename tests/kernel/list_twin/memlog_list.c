// SPDX-License-Identifier: GPL-2.0-only
/*
 * memlog_list.c - the benchmark's twin: /dev/memlog_list, whose records are a list
 * that every read scans from its head, as a first version of such a driver does
 */

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "memlog.h"

/**
 * struct twin_record - a record in the list
 * @list: its place
 * @hdr: what a reader gets first
 * @blob: @hdr.length bytes
 */
struct twin_record {
	struct list_head list;
	struct memlog_record_header hdr;
	u8 blob[];
};

static LIST_HEAD(records);
static DEFINE_MUTEX(lock);
static u64 next_seq = 1;

static ssize_t twin_write(struct file *filp, const char __user *from, size_t length, loff_t *pos)
{
	struct twin_record *record;

	if (length > MEMLOG_MAX_BLOB)
		return -EMSGSIZE;
	record = kzalloc(sizeof(*record) + length, GFP_KERNEL);
	if (!record)
		return -ENOMEM;
	if (copy_from_user(record->blob, from, length)) {
		kfree(record);
		return -EFAULT;
	}
	record->hdr.magic = MEMLOG_MAGIC;
	record->hdr.length = length;
	mutex_lock(&lock);
	record->hdr.seq = next_seq++;
	list_add_tail(&record->list, &records);
	mutex_unlock(&lock);
	return length;
}

static ssize_t twin_read(struct file *filp, char __user *to, size_t room, loff_t *pos)
{
	struct twin_record *record;
	ssize_t bytes = 0;

	mutex_lock(&lock);
	list_for_each_entry(record, &records, list) {
		if (record->hdr.seq <= (u64)*pos)
			continue;
		bytes = sizeof(record->hdr) + record->hdr.length;
		if ((size_t)bytes > room)
			bytes = -EINVAL;
		else if (copy_to_user(to, &record->hdr, bytes))
			bytes = -EFAULT;
		else
			*pos = record->hdr.seq;
		break;
	}
	mutex_unlock(&lock);
	return bytes;
}

static const struct file_operations twin_fops = {
	.owner	= THIS_MODULE,
	.read	= twin_read,
	.write	= twin_write,
};

static struct miscdevice twin = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "memlog_list",
	.fops	= &twin_fops,
};

static void __exit twin_exit(void)
{
	struct twin_record *record, *next;

	misc_deregister(&twin);
	list_for_each_entry_safe(record, next, &records, list)
		kfree(record);
}

static int __init twin_init(void)
{
	return misc_register(&twin);
}

module_init(twin_init);
module_exit(twin_exit);

MODULE_DESCRIPTION("memlog's benchmark: records in a list scanned from its head");
MODULE_LICENSE("GPL");
