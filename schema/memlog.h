/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR Apache-2.0 */
#ifndef _UAPI_LINUX_MEMLOG_H
#define _UAPI_LINUX_MEMLOG_H

/*
 * The wire contract of memlog: what a record looks like on its way out of a
 * ring, and the ioctls of /dev/memlog. Every implementation (kernel, C test
 * programs, Python's contracts.py and wire.py, docs) is tested against this
 * file. All integers are little-endian.
 */

#include <linux/ioctl.h>
#include <linux/types.h>

#define MEMLOG_MAGIC		0x4D4C4F47u	/* 'MLOG'; bytes "GOLM" on disk */
#define MEMLOG_SCHEMA_VERSION	1u
#define MEMLOG_HEADER_BYTES	56u
#define MEMLOG_MAX_BLOB		65536u		/* bytes; an empty blob stores nothing */
#define MEMLOG_SESSION_BYTES	16u
#define MEMLOG_RING_ID_BYTES	16u
#define MEMLOG_HASH_BYTES	32u

#define MEMLOG_RING_DEFAULT	(4u << 20)	/* 4 MiB */
#define MEMLOG_RING_MIN		(64u << 10)	/* 64 KiB */
#define MEMLOG_RING_MAX		(256u << 20)	/* 256 MiB */

/**
 * struct memlog_record_header - what precedes every blob
 * @magic: MEMLOG_MAGIC
 * @schema_version: MEMLOG_SCHEMA_VERSION
 * @length: bytes of blob that follow, at most MEMLOG_MAX_BLOB
 * @reserved: 0
 * @ts_ns: CLOCK_REALTIME at the write, nanoseconds
 * @seq: per uid, from 1, without holes; a hole is a loss
 * @uid: of the opener
 * @pid: tgid of the writer
 * @session_id: all zero = none; printable text up to the NULs; else a UUID
 */
struct memlog_record_header {
	__u32 magic;
	__u32 schema_version;
	__u32 length;
	__u32 reserved;
	__u64 ts_ns;
	__u64 seq;
	__u32 uid;
	__u32 pid;
	__u8  session_id[MEMLOG_SESSION_BYTES];
} __attribute__((packed));

/**
 * struct memlog_stats - counters over the caller's uid (all uids with the capability:
 * counts and sizes are then sums, at most what their type holds)
 * @total_writes: records ever written
 * @total_evictions: records evicted to make room
 * @records_in_ring: records held now
 * @ring_bytes: bytes they take
 * @ring_capacity: bytes the ring may hold; of several, those that hold a record
 * @oldest_ts_ns: time of the oldest record held, 0 when empty
 * @newest_ts_ns: time of the newest record held, 0 when empty
 */
struct memlog_stats {
	__u64 total_writes;
	__u64 total_evictions;
	__u64 records_in_ring;
	__u32 ring_bytes;
	__u32 ring_capacity;
	__u64 oldest_ts_ns;
	__u64 newest_ts_ns;
};

/**
 * struct memlog_info - the identity and the positions of one uid's ring
 * @ring_id: one random value per module load
 * @uid: whose ring
 * @reserved: 0
 * @next_seq: seq the next record will get
 * @oldest_seq: seq of the oldest record held; next_seq when empty
 * @evicted: records evicted to make room
 * @cleared: records dropped by CLEAR
 * @capacity: bytes
 * @drained_seq: newest seq that every witness of this ring has archived
 * @archived_seq: newest seq that any witness of this ring has archived
 * @ring_bytes: bytes the records held take
 * @oldest_ts_ns: time of the oldest record held, 0 when empty
 * @newest_ts_ns: time of the newest record held, 0 when empty
 * @hash_before: running hash before the oldest record held
 * @hash_after: running hash after the newest record held
 *
 * The running hash of a record is SHA-256(hash of the record before it ||
 * header || SHA-256(blob)), in order of seq; before the first record it is 32
 * zero bytes. A ring that keeps none gives zero bytes in both places.
 *
 * A witness is known by the uid that opened its file. SET_DRAINED(seq) sets its
 * own mark, which never moves back, outlives the file, and counts from the first
 * call, which may say 0, until 7 days without another. drained_seq is the
 * smallest mark that counts, and 0 without any.
 */
struct memlog_info {
	__u8  ring_id[MEMLOG_RING_ID_BYTES];
	__u32 uid;
	__u32 reserved;
	__u64 next_seq;
	__u64 oldest_seq;
	__u64 evicted;
	__u64 cleared;
	__u64 capacity;
	__u64 drained_seq;
	__u64 archived_seq;
	__u64 ring_bytes;
	__u64 oldest_ts_ns;
	__u64 newest_ts_ns;
	__u8  hash_before[MEMLOG_HASH_BYTES];
	__u8  hash_after[MEMLOG_HASH_BYTES];
};

#define MEMLOG_IOC_MAGIC	0xCB

/* 1-5: the contract existing clients are built on. */
#define MEMLOG_IOC_STATS	 _IOR(MEMLOG_IOC_MAGIC, 1, struct memlog_stats)
#define MEMLOG_IOC_CLEAR	  _IO(MEMLOG_IOC_MAGIC, 2)
#define MEMLOG_IOC_SET_RING_SIZE _IOW(MEMLOG_IOC_MAGIC, 3, __u32)
#define MEMLOG_IOC_FILTER_UID	 _IOW(MEMLOG_IOC_MAGIC, 4, __u32)
#define MEMLOG_IOC_GET_VERSION	 _IOR(MEMLOG_IOC_MAGIC, 5, __u32)
/* 6-8: additive. */
#define MEMLOG_IOC_SET_SESSION	 _IOW(MEMLOG_IOC_MAGIC, 6, __u8[MEMLOG_SESSION_BYTES])
#define MEMLOG_IOC_GET_INFO	 _IOR(MEMLOG_IOC_MAGIC, 7, struct memlog_info)
#define MEMLOG_IOC_SET_DRAINED	 _IOW(MEMLOG_IOC_MAGIC, 8, __u64)

#endif /* _UAPI_LINUX_MEMLOG_H */
