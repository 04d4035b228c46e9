// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: its parameters and its device node
 */

#include <linux/cdev.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "memlog_compat.h"
#include "memlog_device.h"

#define CREATE_TRACE_POINTS
#include "memlog_trace.h"

#ifdef __BIG_ENDIAN
#error "schema/memlog.h is little-endian, and the driver stores it as it is"
#endif

static_assert(sizeof(struct memlog_record_header) == MEMLOG_HEADER_BYTES);
static_assert(sizeof(struct memlog_stats) == 48);
static_assert(sizeof(struct memlog_info) == 168);

static int memlog_gid = MEMLOG_NO_GID;
module_param(memlog_gid, int, 0644);
MODULE_PARM_DESC(memlog_gid,
		 "gid that may write, and owns the node made at load (-1: only with CAP_SYS_ADMIN)");

static ushort memlog_mode = 0660;
module_param(memlog_mode, ushort, 0444);
MODULE_PARM_DESC(memlog_mode, "mode of the node made at load");

static uint ring_size = MEMLOG_RING_DEFAULT;
module_param(ring_size, uint, 0444);
MODULE_PARM_DESC(ring_size,
		 "bytes of each ring at load; later sysctl kernel.memlog.ring_size");

static uint max_rings = 1024;
module_param(max_rings, uint, 0444);
MODULE_PARM_DESC(max_rings, "uids that may have a ring");

static ulong max_bytes;
module_param(max_bytes, ulong, 0444);
MODULE_PARM_DESC(max_bytes,
		 "bytes of all rings together (0: half of the memory)");

static bool keep_hash = true;
module_param(keep_hash, bool, 0444);
MODULE_PARM_DESC(keep_hash, "compute the running hash of each ring");

/**
 * struct memlog_node - the device and its character device, freed as one
 * @dev: /dev/memlog
 * @cdev: what opening it reaches
 */
struct memlog_node {
	struct device dev;
	struct cdev cdev;
};

static dev_t memlog_devt;
static struct class *memlog_class;
static struct memlog_node *memlog_node;

/**
 * memlog_writer_gid() - group whose members may write
 *
 * Return: a number of the initial user namespace, or MEMLOG_NO_GID.
 */
int memlog_writer_gid(void)
{
	return READ_ONCE(memlog_gid);
}

static char *memlog_devnode(MEMLOG_DEVNODE_DEVICE *dev, umode_t *mode,
			    kuid_t *uid, kgid_t *gid)
{
	int number = memlog_writer_gid();

	if (mode)
		*mode = memlog_mode & 0777;
	if (gid && number >= 0)
		*gid = make_kgid(&init_user_ns, number);
	return NULL;
}

static const struct device_type memlog_device_type = {
	.name		= "memlog",
	.devnode	= memlog_devnode,
};

static void memlog_node_release(struct device *dev)
{
	kfree(container_of(dev, struct memlog_node, dev));
}

static int memlog_node_add(void)
{
	int err;

	memlog_node = kzalloc(sizeof(*memlog_node), GFP_KERNEL);
	if (!memlog_node)
		return -ENOMEM;
	device_initialize(&memlog_node->dev);
	memlog_node->dev.class = memlog_class;
	memlog_node->dev.type = &memlog_device_type;
	memlog_node->dev.devt = memlog_devt;
	memlog_node->dev.release = memlog_node_release;
	cdev_init(&memlog_node->cdev, &memlog_fops);
	memlog_node->cdev.owner = THIS_MODULE;
	err = dev_set_name(&memlog_node->dev, "memlog");
	if (!err)
		err = cdev_device_add(&memlog_node->cdev, &memlog_node->dev);
	if (err)
		put_device(&memlog_node->dev);
	return err;
}

/* As tmpfs has it: the largest ring fits even a machine of 1 GiB, once. */
static u64 memlog_byte_limit(void)
{
	return max_bytes ?: (u64)totalram_pages() * (PAGE_SIZE / 2);
}

static int __init memlog_init(void)
{
	const struct memlog_limits limits = {
		.max_rings = max_rings,
		.max_bytes = memlog_byte_limit(),
		.keeps_hash = keep_hash,
	};
	int err = memlog_registry_init(&limits, ring_size);

	if (err)
		return err;
	err = memlog_sysctl_register();
	if (err)
		goto exit_registry;
	err = alloc_chrdev_region(&memlog_devt, 0, 1, "memlog");
	if (err)
		goto unregister_sysctl;
	memlog_class = memlog_class_create("memlog");
	err = PTR_ERR_OR_ZERO(memlog_class);
	if (err)
		goto unregister_region;
	err = memlog_node_add();
	if (err)
		goto destroy_class;
	return 0;

destroy_class:
	class_destroy(memlog_class);
unregister_region:
	unregister_chrdev_region(memlog_devt, 1);
unregister_sysctl:
	memlog_sysctl_unregister();
exit_registry:
	memlog_registry_exit();
	return err;
}

static void __exit memlog_exit(void)
{
	cdev_device_del(&memlog_node->cdev, &memlog_node->dev);
	put_device(&memlog_node->dev);
	class_destroy(memlog_class);
	unregister_chrdev_region(memlog_devt, 1);
	memlog_sysctl_unregister();
	memlog_registry_exit();
}

module_init(memlog_init);
module_exit(memlog_exit);

MODULE_DESCRIPTION("memlog: a ring per user that survives the process that wrote it");
MODULE_AUTHOR("the memlog authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
