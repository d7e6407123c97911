"""Families of rows that begin alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from evalsuite.models.hf.prefix_sharing import Family, families

ROWS = some.lists(some.lists(some.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=14)


@given(ROWS, some.integers(0, 6))
def test_families_are_a_partition_and_share_what_they_say(rows: list[list[int]], overhead: int) -> None:
    found = families(rows, overhead=overhead)
    assert sorted(member for family in found for member in family.members) == list(range(len(rows)))
    for family in found:
        assert len({tuple(rows[member][: family.shared]) for member in family.members}) == 1
        assert all(len(rows[member]) > family.shared for member in family.members)


@given(ROWS, some.integers(0, 6))
def test_families_save_tokens_and_no_less_than_one_family_of_all(rows: list[list[int]], overhead: int) -> None:
    found = families(rows, overhead=overhead)
    saved = [(len(family.members) - 1) * family.shared - overhead for family in found if family.shared]
    common = 0
    while all(len(row) > common + 1 for row in rows) and len({row[common] for row in rows}) == 1:
        common += 1
    assert all(each > 0 for each in saved)
    assert sum(saved) >= (len(rows) - 1) * common - overhead


def test_subjects_fall_apart_although_all_begin_with_the_same_words() -> None:
    rows = [[1, 1, subject, *range(10, 60), question] for subject in (7, 8) for question in range(5)]
    assert families([*rows, [9]], overhead=20) == [
        Family(53, (0, 1, 2, 3, 4)),
        Family(53, (5, 6, 7, 8, 9)),
        Family(0, (10,)),
    ]
