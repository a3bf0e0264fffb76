"""The picture of a version: drawn from its level's template, kept from its approval on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from app.catalog.models import PUBLISHED_STATUSES, AchievementVersion
from app.catalog.picture_models import AchievementPicture, PictureOrigin, PicturePng
from app.core.errors import NotFoundError
from app.credentials.drawing import PictureWords, draw_picture
from app.credentials.raster import SIZES, draw_png


@dataclass(frozen=True)
class Shown:
    """A picture to send; `is_frozen`: it is kept, and will not change."""

    body: bytes
    is_frozen: bool


@dataclass(frozen=True)
class Drawn:
    """What was drawn for a published version. Units: `pngs` by width in pixels."""

    version_id: int
    svg: str
    pngs: dict[int, bytes]


def find_picture(session: Session, version_id: int) -> AchievementPicture | None:
    """Return the picture kept for a version, if there is one."""
    return session.scalar(
        select(AchievementPicture).where(AchievementPicture.version_id == version_id)
    )


def draw_version(version: AchievementVersion) -> str:
    """Return the picture of a version as its level's template draws it now.

    A draft's title and alternative text are those that stand in it so far.
    """
    achievement = version.achievement
    draft = version.draft or {}
    title = str(draft.get("name") or version.name or achievement.slug)
    alt = str(draft.get("image_alt") or version.image_alt)
    words = PictureWords(
        title=title[:200],
        issuer=achievement.issuer.name,
        level=achievement.level.short_name,
        alt=alt[:300],
    )
    return draw_picture(achievement.level.image_svg, words)


def show_svg(session: Session, version: AchievementVersion) -> Shown:
    """Return the picture of a version: the kept one, else drawn now."""
    kept = find_picture(session, version.id)
    svg = kept.svg if kept else draw_version(version)
    return Shown(svg.encode(), is_frozen=kept is not None)


def show_png(session: Session, version: AchievementVersion, size: int) -> Shown:
    """Return the picture of a version as PNG: the kept one, else drawn now.

    Units: `size` in pixels, one of `SIZES`.
    Raises: `NotFoundError` for another size.
    """
    if size not in SIZES:
        sizes = ", ".join(str(known) for known in SIZES)
        raise NotFoundError(f"There is no picture of this size; there are {sizes}.")
    kept = find_picture(session, version.id)
    if kept is None:
        return Shown(draw_png(draw_version(version), size), is_frozen=False)
    png = session.scalar(
        select(PicturePng.png).where(PicturePng.picture_id == kept.id, PicturePng.size == size)
    )
    return Shown(png if png is not None else draw_png(kept.svg, size), is_frozen=True)


def freeze_picture(session: Session, version: AchievementVersion, *, now: datetime) -> None:
    """Keep the picture of a version that is approved now; one that was uploaded stays."""
    if find_picture(session, version.id) is None:
        _add_drawn(session, version, draw_version(version), now=now)


def carry_picture(
    session: Session, newest: AchievementVersion | None, draft: AchievementVersion, *, now: datetime
) -> None:
    """Give the draft of a next version the picture that was uploaded for the version before."""
    kept = find_picture(session, newest.id) if newest else None
    if kept is None or kept.origin is not PictureOrigin.UPLOADED:
        return
    pngs = session.scalars(select(PicturePng).where(PicturePng.picture_id == kept.id)).all()
    keep_upload(
        session,
        draft,
        svg=kept.svg,
        pngs={each.size: each.png for each in pngs},
        is_framed=kept.is_framed,
        now=now,
    )


def keep_upload(
    session: Session,
    version: AchievementVersion,
    *,
    svg: str,
    pngs: dict[int, bytes],
    is_framed: bool,
    now: datetime,
) -> None:
    """Keep an uploaded picture, sanitised before, in place of any earlier one of the draft."""
    drop_picture(session, version.id)
    picture = AchievementPicture(
        institution_id=version.institution_id,
        version_id=version.id,
        origin=PictureOrigin.UPLOADED,
        svg=svg,
        is_framed=is_framed,
        created_at=now,
    )
    session.add(picture)
    session.flush()
    _keep_pngs(session, picture, pngs)


def drop_picture(session: Session, version_id: int) -> None:
    """Forget the picture of a draft; the template's is shown again."""
    ids = select(AchievementPicture.id).where(AchievementPicture.version_id == version_id)
    session.execute(delete(PicturePng).where(PicturePng.picture_id.in_(ids)))
    session.execute(delete(AchievementPicture).where(AchievementPicture.version_id == version_id))


def list_undrawn(session: Session, *, institution_id: int | None = None, limit: int) -> list[int]:
    """Return the ids of published versions whose picture, or a PNG of it, is not kept yet."""
    complete = exists().where(
        AchievementPicture.version_id == AchievementVersion.id,
        PicturePng.picture_id == AchievementPicture.id,
        PicturePng.size == SIZES[-1],  # the last that is drawn
    )
    statement = select(AchievementVersion.id).where(
        AchievementVersion.status.in_(PUBLISHED_STATUSES), ~complete
    )
    if institution_id is not None:
        statement = statement.where(AchievementVersion.institution_id == institution_id)
    return list(session.scalars(statement.order_by(AchievementVersion.id).limit(limit)))


def draw_missing(session: Session, version_id: int) -> Drawn | None:
    """Draw what a published version still lacks; write nothing, for drawing takes its time.

    Raises: `InvalidError` if it cannot be drawn.
    """
    version = session.get(AchievementVersion, version_id)
    if version is None or version.status not in PUBLISHED_STATUSES:
        return None
    kept = find_picture(session, version.id)
    svg = kept.svg if kept else draw_version(version)
    there = _kept_sizes(session, kept.id) if kept else set()
    return Drawn(
        version_id, svg, {size: draw_png(svg, size) for size in SIZES if size not in there}
    )


def keep_drawn(session: Session, drawn: Drawn, *, now: datetime) -> None:
    """Keep what was drawn of a published version, unless somebody else has by now."""
    version = session.get(
        AchievementVersion, drawn.version_id, with_for_update=True, populate_existing=True
    )
    if version is None or version.status not in PUBLISHED_STATUSES:
        return
    picture = find_picture(session, version.id) or _add_drawn(session, version, drawn.svg, now=now)
    if picture.svg == drawn.svg:
        there = _kept_sizes(session, picture.id)
        missing = {size: png for size, png in drawn.pngs.items() if size not in there}
        _keep_pngs(session, picture, missing)


def _add_drawn(
    session: Session, version: AchievementVersion, svg: str, *, now: datetime
) -> AchievementPicture:
    picture = AchievementPicture(
        institution_id=version.institution_id,
        version_id=version.id,
        origin=PictureOrigin.DRAWN,
        svg=svg,
        created_at=now,
    )
    session.add(picture)
    session.flush()
    return picture


def _kept_sizes(session: Session, picture_id: int) -> set[int]:
    return set(session.scalars(select(PicturePng.size).where(PicturePng.picture_id == picture_id)))


def _keep_pngs(session: Session, picture: AchievementPicture, pngs: dict[int, bytes]) -> None:
    session.add_all(
        PicturePng(picture_id=picture.id, size=size, png=png) for size, png in sorted(pngs.items())
    )
    session.flush()
