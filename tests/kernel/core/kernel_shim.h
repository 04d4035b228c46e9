/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_SHIM_H
#define KERNEL_SHIM_H

/* What driver/memlog_ring.c uses of the kernel, for a plain C compiler. */

#include <assert.h>
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

#define U32_MAX			0xffffffffu
#define U64_MAX			(~(u64)0)
#define ALIGN(x, a)		(((x) + (a) - 1) / (a) * (a))
#define PAGE_ALIGN(x)		ALIGN((u64)(x), 4096)
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define swap(a, b)							\
	do { __typeof__(a) kept_ = (a); (a) = (b); (b) = kept_; } while (0)

struct mutex { bool held; };
typedef int wait_queue_head_t;

#define mutex_init(lock)		((lock)->held = false)
#define init_waitqueue_head(queue)	(*(queue) = 0)
#define lockdep_assert_held(lock)	assert((lock)->held)

static inline u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

/* The test's: the clocks it sets, and counters of the tracepoints. */
u64 ktime_get_real_ns(void);
u64 ktime_get_ns(void);
void trace_record_written(u32 uid, u32 pid, u64 seq, u32 length);
void trace_record_evicted(u32 uid, u64 seq, u32 length);

struct sha256_state {
	u32 words[8];
	u64 bytes;
	u8 block[64];
};

void sha256_init(struct sha256_state *state);
void sha256_update(struct sha256_state *state, const u8 *data, unsigned int bytes);
void sha256_final(struct sha256_state *state, u8 *digest);

static inline void sha256(const u8 *data, unsigned int bytes, u8 *digest)
{
	struct sha256_state state;

	sha256_init(&state);
	sha256_update(&state, data, bytes);
	sha256_final(&state, digest);
}

#endif /* KERNEL_SHIM_H */
