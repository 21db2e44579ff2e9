from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dj_objectstore as djo
from dj_objectstore.maintenance.readable_names import find_collisions, render_name, template_names


@given(st.text(), st.text(max_size=400))
def test_any_value_becomes_one_safe_part_of_a_path(subject: str, field: str) -> None:
    name = render_name("a{subject}/b{field}.zarr", {"subject": subject, "field": field})
    folder, _, file = name.partition("/")
    assert "/" not in file
    for part in (folder, file):
        assert 0 < len(part.encode()) <= 200
        assert part not in (".", "..")
        assert not set('<>:"\\|?*\x00\n') & set(part)
    assert file.endswith(".zarr")


@pytest.mark.parametrize("value", ["", "..", " ", ". ."])
def test_a_part_that_is_nothing_or_leads_out_is_refused(value: str) -> None:
    with pytest.raises(djo.ValueRefusedError, match="letters or digits"):
        render_name("x/{subject}", {"subject": value})


def test_a_slash_makes_folders_in_the_template_and_none_in_a_value() -> None:
    assert render_name("{s}/{n:03d}{e}", {"s": "a/b", "n": 7, "e": ".csv"}) == "a_b/007.csv"
    assert render_name("{s}", {"s": "con.txt"}) == "_con.txt"


@pytest.mark.parametrize("template", ["{a.b}", "{0}", "{}", "{a[0]}", "{a", "{a b}"])
def test_a_template_asks_for_names_alone(template: str) -> None:
    with pytest.raises(djo.ValueRefusedError):
        template_names(template)


@pytest.mark.parametrize(
    ("names", "collisions"),
    [
        (["a", "b"], []),
        (["a", "A"], ["A"]),
        (["é", "e\u0301"], ["e\u0301"]),
        (["a/b", "a"], ["a"]),
        (["x/a", "x/b"], []),
    ],
)
def test_names_that_some_file_system_takes_for_one_are_found(names: list[str], collisions: list[str]) -> None:
    assert find_collisions(names) == collisions
