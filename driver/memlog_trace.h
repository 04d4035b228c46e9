/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM memlog

#if !defined(MEMLOG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MEMLOG_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(record_written,
	TP_PROTO(u32 uid, u32 pid, u64 seq, u32 length),
	TP_ARGS(uid, pid, seq, length),
	TP_STRUCT__entry(
		__field(u32, uid)
		__field(u32, pid)
		__field(u64, seq)
		__field(u32, length)
	),
	TP_fast_assign(
		__entry->uid = uid;
		__entry->pid = pid;
		__entry->seq = seq;
		__entry->length = length;
	),
	TP_printk("uid=%u pid=%u seq=%llu length=%u",
		  __entry->uid, __entry->pid, __entry->seq, __entry->length)
);

TRACE_EVENT(record_evicted,
	TP_PROTO(u32 uid, u64 seq, u32 length),
	TP_ARGS(uid, seq, length),
	TP_STRUCT__entry(
		__field(u32, uid)
		__field(u64, seq)
		__field(u32, length)
	),
	TP_fast_assign(
		__entry->uid = uid;
		__entry->seq = seq;
		__entry->length = length;
	),
	TP_printk("uid=%u seq=%llu length=%u",
		  __entry->uid, __entry->seq, __entry->length)
);

#endif /* MEMLOG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE memlog_trace
#include <trace/define_trace.h>
