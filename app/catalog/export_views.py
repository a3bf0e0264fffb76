"""`/catalog/export/…`: the catalogue as files, streamed."""

from flask import Response, current_app, stream_with_context
from flask.typing import ResponseReturnValue

from app.catalog.blueprint import bp
from app.catalog.exporting import FORMATS, export_all, export_version, list_achievement_ids
from app.catalog.version_views import seen_version
from app.core.access import requires_administrator, signed_in
from app.core.db import db
from app.core.errors import NotFoundError
from app.core.principal import current_principal


@bp.get("/catalog/export/<file_format>")
@requires_administrator
def export(file_format: str) -> ResponseReturnValue:
    """Send every achievement as one file."""
    _require_known(file_format)
    session, institution_id = db.session(), current_principal().institution_id
    ids = list_achievement_ids(session, institution_id)
    pieces = export_all(session, institution_id, ids, file_format, base_url=_base_url())
    return _file(stream_with_context(pieces), "achievements", file_format)


@bp.get("/catalog/versions/<int:version_id>/export/<file_format>")
@signed_in
def export_one(version_id: int, file_format: str) -> ResponseReturnValue:
    """Send one version as a file."""
    _require_known(file_format)
    version = seen_version(version_id)
    text = export_version(version, file_format, base_url=_base_url())
    return _file(text, version.achievement.slug, file_format)


def _file(body: object, name: str, file_format: str) -> Response:
    ending, media_type = FORMATS[file_format]
    response = Response(body, content_type=media_type)  # type: ignore[arg-type]
    kind = "" if file_format in {"document", "csv"} else f"-{file_format}"
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}{kind}.{ending}")
    return response


def _require_known(file_format: str) -> None:
    if file_format not in FORMATS:
        raise NotFoundError("There is no such format.")


def _base_url() -> str:
    base_url: str = current_app.extensions["assay.settings"].base_url
    return base_url
