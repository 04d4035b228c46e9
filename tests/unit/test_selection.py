"""What a selection says, before any archive is asked."""

from memlog.query.selection import Selection


def test_one_word_several_words_and_a_list_mean_the_same() -> None:
    assert Selection(kind="message,summary") == Selection(kind=["message", "summary"])
    assert Selection(kind="message") == Selection(kind=("message", "message"))
    assert Selection(role="") == Selection()


def test_a_project_is_the_same_with_and_without_its_last_slash() -> None:
    assert Selection(project="/home/ann/memlog/") == Selection(project="/home/ann/memlog")
    assert Selection(project="/").project == "/"


def test_replace_changes_what_is_named_and_keeps_the_rest() -> None:
    before = Selection(session="abcd", since_ns=5)
    after = before.replace(until_ns=9)
    assert after == Selection(session="abcd", since_ns=5, until_ns=9)
    assert before.until_ns is None
    assert repr(after) == "Selection(session='abcd', since_ns=5, until_ns=9)"
