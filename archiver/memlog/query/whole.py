"""What holds of a whole record, though the index knows each part of a long one by itself."""

from memlog.query import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.query.where import Where

# index: record_identity; asked of the few records that have parts
IN_NO_PART = """ AND (r.parts = 1 OR NOT EXISTS (
  SELECT 1 FROM record p CROSS JOIN record_fts x ON x.rowid = p.id
  WHERE p.session_id = r.session_id AND p.source_id = r.source_id AND p.block = r.block
    AND x.record_fts MATCH :left_out))"""


def leave_out(where: "Where", question: words.Question) -> "Where":
    """The conditions, and that no part of a record has what a minus leaves out."""
    unwanted = words.excluded(question)
    if unwanted is not None:
        where.narrow(IN_NO_PART, {"left_out": f"{{text}} : ({unwanted})"})
    return where
