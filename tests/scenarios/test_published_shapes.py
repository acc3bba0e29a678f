"""Every shape of manifest that documentation, books and popular applications publish comes to its end state."""

from __future__ import annotations

import pytest

from tests.support.shapes import Shape, shapes, wrong

pytestmark = pytest.mark.long

SHAPES = shapes()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_it_converges_as_in_a_real_cluster(shape: Shape) -> None:
    assert shape.published
    assert all(stage.ends for stage in shape.stages)
    assert wrong(shape) == []


def test_the_catalogue_is_broad() -> None:
    assert len(SHAPES) >= 189
    assert len({shape.name.partition("/")[0] for shape in SHAPES}) >= 10
