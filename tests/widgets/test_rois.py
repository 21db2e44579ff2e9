from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.rois import check_rois, roi_pixels

BOX = {"kind": "rectangle", "points": [(0, 0), (2, 3)]}


def test_what_is_left_out_is_filled_in() -> None:
    first, second = check_rois([BOX, {**BOX, "kind": "ellipse", "name": "soma", "id": "r1"}])
    assert first == {
        "id": "r2",
        "name": "roi 1",
        "color": "#4e79a7",
        "kind": "rectangle",
        "points": [[0.0, 0.0], [2.0, 3.0]],
    }
    assert (second["id"], second["name"], second["color"]) == ("r1", "soma", "#f28e2b")


def test_checked_regions_pass_again_unchanged() -> None:
    checked = check_rois([BOX, {"kind": "polygon", "points": np.eye(3, 2, dtype="f4")}])
    assert check_rois(checked) == checked


@pytest.mark.parametrize(
    ("roi", "message"),
    [
        ("rectangle", "must be a mapping"),
        ({"kind": "rectangle"}, "must be a mapping with kind and points"),
        ({**BOX, "weight": 3}, "must be a mapping with kind and points"),
        ({**BOX, "kind": "circle"}, "must be rectangle, ellipse, polygon, got 'circle'"),
        ({**BOX, "points": [(0, 0)]}, r"needs 2 points \(y, x\), got an array of shape \(1, 2\)"),
        ({**BOX, "points": [(0, 0, 0), (1, 1, 1)]}, "needs 2 points"),
        ({"kind": "polygon", "points": [(0, 0), (1, 1)]}, "needs 3 to 2000 points"),
        ({**BOX, "points": [(0, 0), (1, np.nan)]}, "must be finite"),
        ({**BOX, "points": [(0, 0), (1, 1e7)]}, "within a million pixels"),
        ({**BOX, "points": "abc"}, "in numbers"),
        ({**BOX, "color": "red"}, "must be like '#4e79a7', got 'red'"),
        ({**BOX, "name": "x" * 65}, "at most 64 characters"),
        ({**BOX, "id": 3}, "the id of a region must be a text"),
    ],
)
def test_what_is_no_region_is_refused(roi: Any, message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        check_rois([roi])


def test_two_regions_of_one_id_are_refused() -> None:
    with pytest.raises(ValueRefusedError, match="an id of its own"):
        check_rois([{**BOX, "id": "a"}, {**BOX, "id": "a"}])


def test_a_region_outside_the_picture_is_named() -> None:
    (roi,) = check_rois([{**BOX, "name": "soma", "points": [(50, 50), (60, 60)]}])
    with pytest.raises(ValueRefusedError, match="'soma': a region must hold the centre of a pixel"):
        roi_pixels(roi, height=20, width=20)
