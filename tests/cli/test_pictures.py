"""The commands that draw pictures: of what is approved, and of a preset for its designer."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.catalog.picture_models import AchievementPicture, PicturePng
from app.credentials.raster import SIZES
from tests.cli.conftest import EXAMPLE, PRESET

pytestmark = pytest.mark.slow


def test_importing_keeps_the_pictures_and_drawing_adds_their_pngs(installation, session):
    pictures = session.scalars(select(AchievementPicture)).all()
    assert len(pictures) == 2
    assert session.scalars(select(PicturePng)).all() == []

    assert installation("achievements", "draw") == "Pictures drawn: 2.\n"
    assert installation("achievements", "draw") == "Every picture is drawn.\n"

    sizes = session.scalars(select(PicturePng.size)).all()
    assert sorted(sizes) == sorted(SIZES * 2)


def test_a_new_design_changes_no_approved_picture(installation, session, tmp_path):
    before = {each.id: each.svg for each in session.scalars(select(AchievementPicture))}
    (tmp_path / "images").mkdir()
    for image in (PRESET.parent / "images").iterdir():
        text = image.read_text().replace("#123945", "#000000").replace("#16252f", "#000000")
        (tmp_path / "images" / image.name).write_text(text)
    (tmp_path / "preset.toml").write_text(PRESET.read_text())

    installation("programme", "load", str(tmp_path / "preset.toml"))
    installation("achievements", "import", str(EXAMPLE), "--approved-by", "MCC 7")
    session.expire_all()

    assert {each.id: each.svg for each in session.scalars(select(AchievementPicture))} == before


def test_the_timer_draws_them_too(installation, session):
    installation("timers", "run", "pictures")

    assert len(session.scalars(select(PicturePng)).all()) == 2 * len(SIZES)


def test_a_designer_sees_the_pictures_of_a_preset(done, tmp_path, monkeypatch):
    monkeypatch.setattr("app.cli.pictures.PREVIEW_SIZES", (64,))
    folder = tmp_path / "out"

    said = done("programme", "preview", str(PRESET), "--out", str(folder))

    names = {path.name for path in folder.iterdir()}
    assert said.startswith("Wrote 50 pictures")
    assert {"souvenir-short.svg", "badge_2-arabic-64.png", "certificate_expert-long.svg"} <= names
    assert (folder / "badge_1-short-64.png").read_bytes().startswith(b"\x89PNG")


def test_a_preview_that_cannot_be_written_is_explained(refused, tmp_path):
    file = tmp_path / "file"
    file.write_text("")

    assert "cannot be written" in refused(
        "programme", "preview", str(PRESET), "--out", str(Path(file) / "in")
    )


def test_a_template_whose_letters_could_not_be_read_is_not_loaded(done, refused, tmp_path):
    done("institutions", "add", "--slug", "ksu", "--name", "KSU")
    (tmp_path / "images").mkdir()
    for image in (PRESET.parent / "images").iterdir():
        text = image.read_text()
        (tmp_path / "images" / image.name).write_text(text.replace("#16252f", "#b4bcc2"))
    (tmp_path / "preset.toml").write_text(PRESET.read_text())

    said = refused("programme", "load", str(tmp_path / "preset.toml"))

    assert "level “badge_1” image: slot “title”: letters in #b4bcc2 have a contrast of" in said


def test_one_that_cannot_be_drawn_stops_nobody_elses(installation, session):
    first, second = session.scalars(select(AchievementPicture).order_by(AchievementPicture.id))
    first.svg = "<svg"
    session.commit()

    assert installation("achievements", "draw") == "Pictures drawn: 1.\n"

    assert {png.picture_id for png in session.scalars(select(PicturePng))} == {second.id}
