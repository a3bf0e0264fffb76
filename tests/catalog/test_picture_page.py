"""The picture of a draft: who may change it, what is taken, what is refused and why."""

import io

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.catalog.approving import approve_version, return_version, submit_version
from app.catalog.content import content_of
from app.catalog.drafts import create_achievement_draft, start_next_version
from app.catalog.models import AchievementVersion
from app.catalog.picture_models import AchievementPicture, PictureOrigin, PicturePng
from app.catalog.pictures import draw_missing, keep_drawn, list_undrawn
from app.core.audit import AuditEntry
from app.credentials.raster import SIZES
from app.programme.models import ReviewerAppointment
from tests.campus import make_administrator
from tests.factories import NOON, make_world

BY = {"actor": "test", "now": NOON}
TEMPLATE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
    '<rect width="100" height="100" fill="#ffffff"/><rect data-slot="title" data-size="20 8" '
    'x="5" y="5" width="90" height="90" fill="#111111"/></svg>'
)
OWL = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'
    b'<circle cx="5" cy="5" r="5" fill="#0a6"/></svg>'
)


@pytest.fixture
def draft(session, world) -> AchievementVersion:
    """A complete draft, written by the instructor."""
    world.level_1.achievement.level.image_svg = TEMPLATE
    version = create_achievement_draft(
        session,
        world.institution.id,
        slug="new-one",
        level=world.level_1.achievement.level,
        issuer=world.issuer,
        draft=content_of(world.level_1).model_dump(mode="json") | {"name": "New One"},
        proposed_by=world.instructor.id,
        **BY,
    )
    session.commit()
    return version


@pytest.fixture
def author(browser, world):
    return browser(world.instructor)


def url(version: AchievementVersion, what: str = "image") -> str:
    return f"/catalog/versions/{version.id}/{what}"


def png(size=(300, 300)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#a30").save(target, "PNG")
    return target.getvalue()


def send(person, version, file: bytes | None, *, alt="An owl.", name="owl.svg", **fields):
    data = {"alt": alt, "upload": "Use my picture", **fields}
    if file is not None:
        data["file"] = (io.BytesIO(file), name)
    return person.post(url(version), data=data, content_type="multipart/form-data")


def find(session, version) -> AchievementPicture | None:
    session.expire_all()
    return session.scalar(
        select(AchievementPicture).where(AchievementPicture.version_id == version.id)
    )


def approve(session, version):
    submit_version(session, version, **BY)
    approve_version(session, version, reference="MCC 7", until=None, **BY)
    session.commit()


def test_the_author_sees_what_will_be_drawn(author, draft):
    page = author.get(url(draft))

    assert page.status_code == 200
    assert "Picture of “New One”" in page.text
    assert "No picture was uploaded." in page.text
    drawn = author.get(url(draft, "drawn.svg"))
    assert '<title id="picture-title">New One</title>' in drawn.text
    assert "sandbox" in drawn.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("file", "name"), [(OWL, "owl.svg"), (png(), "owl.png")])
@pytest.mark.slow
def test_an_upload_takes_the_place_of_the_drawn_picture(author, session, draft, file, name):
    answer = send(author, draft, file, name=name)

    assert answer.status_code == 303
    kept = find(session, draft)
    assert kept is not None
    assert kept.origin is PictureOrigin.UPLOADED
    assert draft.draft["image_alt"] == "An owl."
    sizes = session.scalars(select(PicturePng.size).order_by(PicturePng.size)).all()
    assert sizes == list(SIZES), "drawn once, when it is uploaded"
    assert "Your picture is used." in author.get(url(draft)).text
    assert author.get(url(draft, "picture.svg")).text == kept.svg


@pytest.mark.slow
def test_the_content_says_what_a_file_is_never_its_name(author, session, draft):
    assert send(author, draft, png(), name="owl.svg").status_code == 303
    assert "data:image/png" in find(session, draft).svg


@pytest.mark.slow
def test_a_frame_of_the_levels_family_is_drawn_if_wanted(author, session, draft):
    send(author, draft, OWL, is_framed="y")

    kept = find(session, draft)
    assert kept.is_framed
    assert "frame-rim" in kept.svg
    assert "checked" in author.get(url(draft)).text


@pytest.mark.slow
def test_one_may_go_back_to_the_drawn_picture(author, session, draft):
    send(author, draft, OWL)

    answer = author.post(url(draft), data={"alt": "A medal.", "draw": "Use the drawn picture"})

    assert answer.status_code == 303
    assert find(session, draft) is None
    assert session.scalar(select(func.count()).select_from(PicturePng)) == 0
    assert draft.draft["image_alt"] == "A medal."
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions[-2:] == ["achievement.picture_uploaded", "achievement.picture_drawn"]


@pytest.mark.parametrize(
    ("file", "alt", "said"),
    [
        (None, "An owl.", "Choose the file of the picture."),
        (b"", "An owl.", "it is empty."),
        (b"%PDF-1.7", "An owl.", "neither a PNG nor an SVG"),
        (b"\xff\xd8\xff\xe0 JPEG", "An owl.", "neither a PNG nor an SVG"),
        (OWL.replace(b"<circle", b"<script>1</script><circle"), "An owl.", "script"),
        (OWL.replace(b'r="5"', b'r="5" onload="x()"'), "An owl.", "onload is refused"),
        (png()[:300], "An owl.", "broken"),
        (png((90, 90)), "An owl.", "at least 200 pixels"),
        (OWL, "", "Say in words what the picture shows."),
        (OWL, "x" * 301, "Use at most 300 characters."),
        (OWL, "An \u202eowl", "without control characters"),
        (OWL, "An\x07owl", "without control characters"),
    ],
)
def test_what_is_not_taken_is_said_at_its_field(author, session, draft, file, alt, said):
    page = send(author, draft, file, alt=alt)

    assert page.status_code == 422
    assert said in page.text
    assert "<title>Error:" in page.text
    assert find(session, draft) is None


def test_a_draft_is_deleted_with_the_picture_that_was_uploaded(author, session, draft):
    send(author, draft, OWL)
    version_id = draft.id

    answer = author.post(f"/catalog/versions/{version_id}/delete")

    assert answer.status_code == 303
    session.expire_all()
    assert session.get(AchievementVersion, version_id) is None


def test_a_file_larger_than_a_picture_may_be_is_refused(author, session, draft, monkeypatch):
    monkeypatch.setattr("app.catalog.picture_forms.MAX_UPLOAD_BYTES", 20_000)

    page = send(author, draft, png() + b"\0" * 20_000)

    assert page.status_code == 422
    assert "it is larger than 4 MB." in page.text


@pytest.mark.slow
def test_a_picture_that_takes_too_much_to_draw_is_refused(author, session, draft):
    paint = b'<radialGradient id="g"><stop offset="0" stop-color="#fff" stop-opacity=".1"/>'
    layers = b'<circle cx="5" cy="5" r="5" fill="url(#g)" opacity=".5"/>' * 4900
    hostile = OWL.replace(b"</svg>", paint + b"</radialGradient>" + layers + b"</svg>")

    page = send(author, draft, hostile)

    assert page.status_code == 422
    assert "simplify it" in page.text
    assert find(session, draft) is None


@pytest.mark.parametrize("who", ["learner", "assistant", "grader"])
def test_others_neither_see_nor_change_it(browser, draft, world, who):
    stranger = browser(getattr(world, who))

    assert stranger.get(url(draft)).status_code == 404
    assert stranger.get(url(draft, "picture.svg")).status_code == 404
    assert stranger.get(url(draft, "drawn.svg")).status_code == 404
    assert send(stranger, draft, OWL).status_code == 404


@pytest.mark.slow
def test_an_administrator_may_change_it_and_a_reviewer_may_look(browser, session, draft, world):
    make_administrator(session, world.grantor)
    session.add(
        ReviewerAppointment(
            institution_id=world.institution.id,
            group_key="committee",
            person_id=world.assistant.id,
            starts_at=NOON,
            created_at=NOON,
        )
    )
    session.commit()

    assert send(browser(world.grantor), draft, OWL).status_code == 303
    reviewer = browser(world.assistant)
    assert reviewer.get(url(draft, "picture.svg")).status_code == 200
    assert reviewer.get(url(draft)).status_code == 403


def test_an_administrator_of_another_institution_finds_nothing(app, browser, session, draft):
    other = make_world(session, app.extensions["assay.vault"], "other")
    make_administrator(session, other.instructor)
    session.commit()

    assert browser(other.instructor).get(url(draft)).status_code == 404


@pytest.mark.slow
def test_the_picture_stands_still_in_review_and_may_change_when_returned(author, session, draft):
    submit_version(session, draft, **BY)
    session.commit()
    assert author.get(url(draft)).status_code == 403
    assert send(author, draft, OWL).status_code == 403

    return_version(session, draft, **BY)
    session.commit()

    assert send(author, draft, OWL).status_code == 303


def test_an_approved_picture_never_changes_again(author, session, draft, stranger_get):
    approve(session, draft)
    first = stranger_get(draft).text
    assert "New One" in first

    draft.achievement.level.image_svg = TEMPLATE.replace("#ffffff", "#eeeeee")
    session.commit()

    assert stranger_get(draft).text == first
    assert author.get(url(draft)).status_code == 403


@pytest.mark.slow
def test_an_uploaded_picture_is_what_the_public_sees(author, session, draft, stranger_get):
    send(author, draft, OWL)
    session.expire_all()
    approve(session, draft)

    assert "#0a6" in stranger_get(draft).text
    assert stranger_get(draft, "image.png").data.startswith(b"\x89PNG")


@pytest.mark.slow
def test_an_uploaded_png_is_what_the_png_shows(author, session, draft, stranger_get):
    send(author, draft, png(), is_framed="y")
    session.expire_all()
    approve(session, draft)

    with Image.open(io.BytesIO(stranger_get(draft, "image.png").data)) as image:
        assert image.getpixel((300, 300)) == (0xAA, 0x33, 0x00, 255)
        assert image.getpixel((1, 1))[3] == 0, "outside the frame it is clear"


@pytest.mark.slow
def test_the_next_version_begins_with_the_uploaded_picture(author, session, draft):
    send(author, draft, OWL)
    session.expire_all()
    approve(session, draft)

    following = start_next_version(session, draft.achievement, proposed_by=None, **BY)
    session.commit()

    assert find(session, following).svg == find(session, draft).svg
    assert session.scalar(select(func.count()).select_from(PicturePng)) == 2 * len(SIZES)


def test_the_worker_draws_what_is_not_drawn_and_nothing_twice(session, draft):
    approve(session, draft)
    waiting = list_undrawn(session, limit=9)

    for version_id in waiting:
        drawn = draw_missing(session, version_id)
        keep_drawn(session, drawn, now=NOON)
        keep_drawn(session, drawn, now=NOON)
        assert draw_missing(session, version_id).pngs == {}
    session.commit()

    assert draft.id in waiting
    assert list_undrawn(session, limit=9) == []
    assert session.scalar(select(func.count()).select_from(PicturePng)) == len(waiting) * len(SIZES)


@pytest.fixture
def stranger_get(browser):
    def get(version, name="image.svg"):
        return browser(None).get(f"/achievements/{version.public_id}/{name}")

    return get
