// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel.memlog.ring_size, in bytes, for every ring
 */

#include <linux/mutex.h>
#include <linux/sysctl.h>

#include "memlog_compat.h"
#include "memlog_device.h"

static unsigned int ring_size_min = MEMLOG_RING_MIN;
static unsigned int ring_size_max = MEMLOG_RING_MAX;

static int memlog_sysctl_ring_size(MEMLOG_CTL_TABLE *table, int write,
				   void *buffer, size_t *lenp, loff_t *ppos)
{
	unsigned int size = memlog_ring_size();
	struct ctl_table mine = *table;
	int err;

	mine.data = &size;
	err = proc_douintvec_minmax(&mine, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	return memlog_resize(size);
}

static struct ctl_table memlog_sysctl_table[] = {
	{
		.procname	= "ring_size",
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= memlog_sysctl_ring_size,
		.extra1		= &ring_size_min,
		.extra2		= &ring_size_max,
	},
	MEMLOG_CTL_TABLE_END
};

static struct ctl_table_header *memlog_sysctl_header;

/**
 * memlog_sysctl_register() - kernel.memlog appears
 *
 * Return: 0 or -ENOMEM.
 */
int memlog_sysctl_register(void)
{
	memlog_sysctl_header = register_sysctl("kernel/memlog",
					       memlog_sysctl_table);
	return memlog_sysctl_header ? 0 : -ENOMEM;
}

/**
 * memlog_sysctl_unregister() - kernel.memlog goes; nobody is in its handler then
 */
void memlog_sysctl_unregister(void)
{
	unregister_sysctl_table(memlog_sysctl_header);
}
