"""Drawing the pictures of achievements: the periodic job, and what the commands share."""

from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from app.catalog.pictures import draw_missing, keep_drawn, list_undrawn
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.credentials.drawing import PictureWords, draw_picture
from app.credentials.raster import draw_png
from app.programme.preset import Preset

log = structlog.get_logger()

BATCH: Final = 20
PREVIEW_SIZES: Final = (64, 300, 1200)
# A short title, a long one, and scripts that are wrapped, joined or ordered in other ways.
SAMPLES: Final = {
    "short": "Research Literacy",
    "long": (
        "Responsible and Reproducible Data Analysis for Early-Career Researchers in Public "
        "Health and the Social Sciences"
    ),
    "arabic": "التحليل المسؤول للبيانات في الصحة العامة",
    "devanagari": "जनस्वास्थ्य में उत्तरदायी डेटा विश्लेषण",
    "japanese": "公共衛生における再現可能なデータ分析",
}


def draw_pictures(now: datetime) -> None:
    """Keep the pictures of approved versions that are not drawn yet: the worker's job."""
    draw_undrawn(limit=BATCH, now=now)


def draw_undrawn(*, institution_id: int | None = None, limit: int, now: datetime) -> int:
    """Draw what is not drawn yet, one version after another; return how many were.

    One that cannot be drawn keeps nobody else's picture from being drawn.
    """
    count = 0
    for version_id in list_undrawn(db.session(), institution_id=institution_id, limit=limit):
        try:
            drawn = draw_missing(db.session(), version_id)
        except InvalidError as error:
            log.warning("picture_not_drawn", version_id=version_id, reason=str(error))
            continue
        if drawn is not None:
            with transaction() as session:
                keep_drawn(session, drawn, now=now)
            count += 1
    return count


def write_previews(preset: Preset, folder: Path) -> int:
    """Write the pictures of a preset with sample titles; return how many files.

    Raises: `InvalidError` if the folder cannot be written.
    """
    files = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for level in preset.levels:
            for name, title in SAMPLES.items():
                words = PictureWords(
                    title=title,
                    issuer="College of Examples",
                    level=level.short_name,
                    alt=level.name,
                )
                svg = draw_picture(preset.images[level.key], words)
                (folder / f"{level.key}-{name}.svg").write_text(svg, encoding="utf-8")
                for size in PREVIEW_SIZES:
                    (folder / f"{level.key}-{name}-{size}.png").write_bytes(draw_png(svg, size))
                files += 1 + len(PREVIEW_SIZES)
    except OSError as error:
        raise InvalidError(f"{folder} cannot be written: {error.strerror}.") from error
    return files
