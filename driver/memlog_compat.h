/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMLOG_COMPAT_H
#define MEMLOG_COMPAT_H

/* Where kernels differ: every version guard of the driver is in this file. */

#include <linux/device.h>
#include <linux/fs.h>
#include <linux/sysctl.h>
#include <linux/version.h>

/* 6.11: sysctl handlers get a const table. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define MEMLOG_CTL_TABLE	const struct ctl_table
#else
#define MEMLOG_CTL_TABLE	struct ctl_table
#endif

/* 6.6: register_sysctl() knows the size; earlier ones need an empty last entry. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define MEMLOG_CTL_TABLE_END
#else
#define MEMLOG_CTL_TABLE_END	{}
#endif

/* 6.4: a class no longer names its module. */
static inline struct class *memlog_class_create(const char *name)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return class_create(name);
#else
	return class_create(THIS_MODULE, name);
#endif
}

/* 6.2: devnode() gets a const device. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define MEMLOG_DEVNODE_DEVICE	const struct device
#else
#define MEMLOG_DEVNODE_DEVICE	struct device
#endif

/*
 * No inotify, no fanotify: who may read the node, or its folder, would count and
 * time every user's writes. From 6.14 on two bits say so, and one of them is ours.
 */
static inline void memlog_hide_from_watches(struct file *filp)
{
#ifdef FMODE_NONOTIFY_PERM
	filp->f_mode &= ~FMODE_NONOTIFY_PERM;
#endif
	filp->f_mode |= FMODE_NONOTIFY;
}

#endif /* MEMLOG_COMPAT_H */
