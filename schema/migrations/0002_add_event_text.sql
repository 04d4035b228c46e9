-- 0002_add_event_text.sql  Why: what only a hook delivered (a prompt, a compaction's summary, a last message) is found
-- when the transcript was lost. Cost: reads every event once. An event's row and its row here go together.

CREATE VIEW v_event_text AS                 -- what a person said or reads among what a hook was told; NULL: nothing
SELECT e.id, (
  SELECT group_concat(j.value, char(10, 10)) FROM json_tree(CASE WHEN json_valid(e.data) THEN e.data ELSE '{}' END) j
  WHERE j.type = 'text' AND e.event NOT IN ('captured', 'capture_pending') AND j.key NOT IN (
    'session_id', 'transcript_path', 'agent_transcript_path', 'cwd', 'hook_event_name', 'event', 'permission_mode',
    'source', 'trigger', 'reason', 'model', 'agent_id', 'agent_type', 'tool_name', 'tool_use_id', 'turn_id', 'prompt_id',
    'timestamp', 'uuid', 'type', 'role', 'id', 'name', 'effort', 'level', 'thread_id', 'conversation_id', 'sessionId',
    'transcriptPath', 'hookEventName', 'toolName', 'toolUseId', 'agentId')) AS text,
  CASE WHEN json_valid(e.data) THEN e.data ->> '$.cwd' END AS cwd
FROM event e;

CREATE VIRTUAL TABLE event_fts USING fts5 ( -- of v_event_text, prepared as record_fts is
  text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

PRAGMA user_version = 2;
