// SPDX-License-Identifier: GPL-2.0-only
/* compat.c - the ioctls as a 32-bit program makes them, on x86-64 */

#include <sys/mman.h>

#include "probe.h"

#define IA32_IOCTL	54

static long ioctl32(int fd, unsigned int number, void *argument)
{
	long result = -ENOSYS;

#ifdef __x86_64__
	__asm__ volatile("int $0x80"
			 : "=a" (result)
			 : "0" (IA32_IOCTL), "b" (fd), "c" (number), "d" (argument)
			 : "memory", "r8", "r9", "r10", "r11");
#endif
	return (int)result;
}

static bool thirty_two_bit_ioctls_are_the_same(void)
{
	struct memlog_info *info = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct memlog_info wide;
	int fd = open_empty();

	must(info != MAP_FAILED && fd >= 0);
	must(write(fd, "x", 1) == 1);
	wide = info_of(fd);
	must(ioctl32(fd, MEMLOG_IOC_GET_INFO, info) == 0);
	must(!memcmp(info, &wide, sizeof(wide)));
	must(ioctl32(fd, MEMLOG_IOC_STATS, info) == 0);
	must(ioctl32(fd, MEMLOG_IOC_SET_SESSION, info) == 0);
	must(ioctl32(fd, _IO(MEMLOG_IOC_MAGIC, 9), info) == -ENOTTY);
	return !close(fd);
}

const struct probe compat_cases[] = {
	{ "a 32-bit program's ioctls do the same", thirty_two_bit_ioctls_are_the_same },
	{}
};
