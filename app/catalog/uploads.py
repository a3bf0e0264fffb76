"""A picture that somebody uploads for a draft, in place of the one that is drawn."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from app.catalog import picture_worker
from app.catalog.drafts import save_draft
from app.catalog.models import AchievementVersion
from app.catalog.pictures import drop_picture, keep_upload
from app.core import audit
from app.core.errors import InvalidError
from app.credentials.mounting import mount_png, mount_svg
from app.credentials.photographs import MAX_PNG_BYTES, SIGNATURE, rewrite_png, shrink_png
from app.credentials.raster import SIZES
from app.credentials.sanitising import sanitise_svg
from app.programme.wording import is_clean

MAX_UPLOAD_BYTES: Final = MAX_PNG_BYTES
MAX_ALT: Final = 300
_WORKER = Path(picture_worker.__file__)
_WALL_SECONDS = 10


def prepare_picture(data: bytes, *, alt: str, family: str | None) -> tuple[str, dict[int, bytes]]:
    """Return an uploaded file as a safe SVG, and its PNGs by size.

    What kind it is, the content says, never the name. `family`: of the frame
    around it, `None` for none.
    Raises: `InvalidError` saying what is wrong with the file.
    """
    if data.startswith(SIGNATURE):
        svg = mount_png(rewrite_png(data), alt=alt, family=family)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        svg = mount_svg(sanitise_svg(data), alt=alt, family=family)
    else:
        raise InvalidError("the file is neither a PNG nor an SVG.")
    largest = _draw_apart(svg)
    return svg, {
        size: largest if size == SIZES[-1] else shrink_png(largest, size) for size in SIZES
    }


def use_upload(
    session: Session,
    version: AchievementVersion,
    *,
    svg: str,
    pngs: dict[int, bytes],
    alt: str,
    is_framed: bool,
    actor: str,
    now: datetime,
) -> None:
    """Give a draft an uploaded picture and its alternative text."""
    save_draft(session, version, (version.draft or {}) | {"image_alt": alt})
    keep_upload(session, version, svg=svg, pngs=pngs, is_framed=is_framed, now=now)
    _audit(session, version, "achievement.picture_uploaded", actor=actor, now=now)


def use_drawn(
    session: Session, version: AchievementVersion, *, alt: str, actor: str, now: datetime
) -> None:
    """Give a draft the picture that is drawn, and its alternative text."""
    save_draft(session, version, (version.draft or {}) | {"image_alt": alt})
    drop_picture(session, version.id)
    _audit(session, version, "achievement.picture_drawn", actor=actor, now=now)


def check_alt(text: str | None) -> str:
    """Return an alternative text without spaces around it.

    Raises: `InvalidError` if it is empty, too long, or has control characters.
    """
    alt = (text or "").strip()
    if not alt:
        raise InvalidError("Say in words what the picture shows.")
    if len(alt) > MAX_ALT:
        raise InvalidError(f"Use at most {MAX_ALT} characters.")
    if not is_clean(alt) or "\n" in alt or "\t" in alt:
        raise InvalidError("Type the text again on one line, without control characters.")
    return alt


def _draw_apart(svg: str) -> bytes:
    """Draw in a process of its own, so that a hostile picture harms nothing else."""
    try:
        done = subprocess.run(  # noqa: S603 (our own script and a number of ours)
            [sys.executable, "-I", str(_WORKER), str(SIZES[-1])],
            input=svg.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=_WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidError("the picture takes too long to draw; simplify it.") from error
    if done.returncode != 0 or not done.stdout.startswith(SIGNATURE):
        raise InvalidError("the picture cannot be drawn; simplify it, or save it as plain SVG.")
    return done.stdout


def _audit(
    session: Session, version: AchievementVersion, action: str, *, actor: str, now: datetime
) -> None:
    audit.record(
        session,
        version.institution_id,
        actor=actor,
        action=action,
        subject=f"achievement:{version.achievement_id}",
        facts={"slug": version.achievement.slug, "version": version.number},
        now=now,
    )
