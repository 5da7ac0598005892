from miniature import row

from mien_model.data.split import assign, shared_identities


def test_one_person_is_in_one_split():
    splits = {assign(row(f"{n}.jpg", split="", identity="anna"), 0.3, 0.2) for n in range(50)}
    assert len(splits) == 1


def test_shares_are_kept_and_repeatable_without_identities():
    rows = [row(f"{n}.jpg", split="") for n in range(4000)]
    found = [assign(cells, 0.2, 0.1) for cells in rows]
    assert abs(found.count("val") / 4000 - 0.2) < 0.03 and abs(found.count("test") / 4000 - 0.1) < 0.03
    assert found[:10] == [assign(cells, 0.2, 0.1) for cells in rows[:10]]


def test_a_sources_own_split_stays():
    assert assign(row("a.jpg", split="val"), 0, 0) == "val"


def test_people_in_two_splits_are_found():
    rows = [row("a.jpg", identity="anna"), row("b.jpg", identity="anna", split="val"), row("c.jpg", identity="ben")]
    assert shared_identities(rows) == {"made/anna": {"train", "val"}}
