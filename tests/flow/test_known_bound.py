"""What any order could find of half-remembered items, on an archive small enough to count by hand."""

import pytest
from bench.known_bound import Bound

from archives import archive_of, record
from memlog.paths import Home

LINE = "alpha beta gamma delta"  # four words: all of them in a row for a draw of 4, 5 or 6, no other way
LONG = (
    "alpha beta one two three four"  # four in a row for a draw of 4; the first of three places has both words
)


def test_the_bound_of_five_rows_is_what_drawing_by_hand_gives(home: Home) -> None:
    # "beta alpha" was left of four words: of LINE in 3/4 of the draws, of LONG in 1/4 x 1/3 of them: 9 to 1.
    # A record of two lines gave each of them half as often: 4.5. Of all that is left 45 + 4.5 + 1.
    said = [*([LINE] * 5), f"{LINE}\nsomething else stands here", LONG]
    sessions = {n: f"session-{n % 6}" for n in range(7)}  # LONG is in the session of the first
    records = [record(text, n=n, session=sessions[n]) for n, text in enumerate(said)]
    with archive_of(home, records) as con:
        rows = con.execute(
            "SELECT r.id, r.text, s.id FROM v_record r JOIN session s ON s.session = r.session"
        )
        texts, of_session = {}, {}
        for id_, text, session in rows:
            texts[id_], of_session[id_] = text, session
        assert len(texts) == 7 and len(set(of_session.values())) == 6
        bound = Bound(con, texts, of_session).of("beta alpha")
    assert bound == {
        "records": pytest.approx(45 / 50.5),
        "lines, the same around the words one row": pytest.approx(1),
        "of the coarsest folds": pytest.approx(1),
        "whole sessions": pytest.approx(46 / 50.5),
    }
