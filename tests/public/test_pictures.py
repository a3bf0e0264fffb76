"""The public picture of an achievement: SVG and PNG, kept by caches, the same for ever."""

import io

import pytest
from PIL import Image

from app.catalog.pictures import draw_missing, keep_drawn
from tests.factories import NOON


def address(world, name="image.png"):
    return f"/achievements/{world.level_1.public_id}/{name}"


@pytest.mark.parametrize(("query", "width"), [("", 600), ("?size=128", 128), ("?size=1200", 1200)])
def test_a_png_stands_beside_the_svg(stranger, world, query, width):
    picture = stranger.get(address(world) + query)

    assert picture.mimetype == "image/png"
    assert picture.headers["Access-Control-Allow-Origin"] == "*"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.width == width


@pytest.mark.parametrize("size", ["601", "0", "-1", "99999999", "x", "", "６００", "1e3"])
def test_only_the_sizes_of_the_list_are_drawn(stranger, world, size):
    assert stranger.get(address(world), query_string={"size": size}).status_code == 404


def test_a_kept_picture_is_cached_for_long_and_one_that_is_not_for_a_minute(
    stranger, session, world
):
    before = stranger.get(address(world))
    keep_drawn(session, draw_missing(session, world.level_1.id), now=NOON)
    session.commit()

    after = stranger.get(address(world))

    assert before.cache_control.max_age == 60
    assert after.cache_control.max_age >= 7 * 24 * 60 * 60
    assert after.data == before.data, "drawn now or kept before: the same bytes"
    again = stranger.get(address(world), headers={"If-None-Match": after.headers["ETag"]})
    assert again.status_code == 304
    svg = stranger.get(address(world, "image.svg"))
    assert svg.cache_control.max_age == after.cache_control.max_age


def test_a_draft_has_no_public_picture(stranger, session, world):
    world.level_1.status = "draft"
    session.commit()

    assert stranger.get(address(world)).status_code == 404
    assert stranger.get(address(world, "image.svg")).status_code == 404


def test_looking_at_a_picture_writes_nothing(stranger, session, world):
    from sqlalchemy import func, select

    from app.catalog.picture_models import AchievementPicture

    stranger.get(address(world))
    stranger.get(address(world, "image.svg"))

    assert session.scalar(select(func.count()).select_from(AchievementPicture)) == 0


def test_previews_of_other_sites_get_the_png(stranger, world):
    page = stranger.get(f"/achievements/{world.level_1.public_id}").text

    assert f'property="og:image" content="https://tool.test{address(world)}"' in page
