"""What anybody may see: credentials, achievements, issuers. No session, no cookie."""

from flask import Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app.awards.baked import issuer2_address
from app.awards.facts import achievement_address, image_address, png_address
from app.awards.models import Award
from app.catalog.models import AchievementVersion
from app.catalog.usability import why_unusable
from app.core.access import public
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import NotFoundError
from app.programme.models import IssuerProfile
from app.programme.service import issuer_did
from app.public import (
    evidence_views,  # noqa: F401 (registers its views)
    image_views,  # noqa: F401 (registers its views)
    key_views,  # noqa: F401 (registers its views)
    ob2_views,  # noqa: F401 (registers its views)
    responses,
    status_views,  # noqa: F401 (registers its view)
    verify_views,  # noqa: F401 (registers its views)
)
from app.public.award_page import render_award
from app.public.blueprint import bp
from app.public.documents import achievement_document, issuer_document
from app.public.file_views import gone, named, send_token
from app.public.service import (
    get_issuer,
    get_shown_award,
    get_version,
    is_database_ready,
    list_offered,
    list_parts,
)

MACHINES = (".json", ".jwt", ".png", ".svg")


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """Say what this is to somebody who came without a course."""
    return responses.page(render_template("public/home.html"))


@bp.get("/credentials/<public_id>")
@public
def award(public_id: str) -> ResponseReturnValue:
    """Show and verify one award, or send its credential to a machine that asks for JSON."""
    wanted = responses.wanted_type()
    if wanted == responses.HTML:
        return responses.page(
            render_award(public_id, open_session=db.session, base_url=_base_url(), now=utcnow())
        )
    found = get_shown_award(db.session(), public_id)
    if wanted in responses.TOKENS:
        return send_token(found)
    return _award_document(found, wanted)


@bp.get("/credentials/<public_id>.json")
@public
def award_json(public_id: str) -> ResponseReturnValue:
    """Send one award's credential."""
    wanted = responses.wanted_type()
    found = get_shown_award(db.session(), public_id)
    return named(_award_document(found, wanted), found, "json")


@bp.get("/achievements/<public_id>")
@public
def achievement(public_id: str) -> ResponseReturnValue:
    """Show one version of an achievement, or describe it to a machine."""
    version = get_version(db.session(), public_id)
    if responses.wanted_type() != responses.HTML:
        return _achievement_document(version)
    return responses.page(
        render_template(
            "public/achievement.html",
            version=version,
            why_unusable=why_unusable(version, now=utcnow()),
            address=achievement_address(_base_url(), version),
            image_url=image_address(_base_url(), version),
            png_url=png_address(_base_url(), version),
            groups=list_parts(db.session(), version),
        )
    )


@bp.get("/achievements/<public_id>.json")
@public
def achievement_json(public_id: str) -> ResponseReturnValue:
    """Describe one version of an achievement."""
    return _achievement_document(get_version(db.session(), public_id))


@bp.get("/issuers/<slug>")
@public
def issuer(slug: str) -> ResponseReturnValue:
    """Show who makes awards, or describe them to a machine."""
    session = db.session()
    found = get_issuer(session, slug)
    if responses.wanted_type() != responses.HTML:
        return _issuer_document(found)
    return responses.page(
        render_template(
            "public/issuer.html",
            issuer=found,
            did=issuer_did(_base_url(), found),
            versions=list_offered(session, found, now=utcnow()),
            ob2_address=issuer2_address(_base_url(), found),
        )
    )


@bp.get("/issuers/<slug>.json")
@public
def issuer_json(slug: str) -> ResponseReturnValue:
    """Describe who makes awards."""
    return _issuer_document(get_issuer(db.session(), slug))


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Say whether the program and its database answer."""
    is_ready = is_database_ready(db.session())
    response = jsonify(status="ok" if is_ready else "unavailable")
    response.status_code = 200 if is_ready else 503
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.errorhandler(NotFoundError)
def not_found(error: NotFoundError) -> ResponseReturnValue:
    """Say in a friendly way that there is nothing, to people and machines."""
    if responses.wanted_type() == responses.HTML and not _is_machines():
        text = render_template("public/not_found.html", message=str(error))
        response = Response(text, status=404)
        response.headers["Content-Security-Policy"] = responses.PAGE_POLICY
    else:
        response = jsonify(error=str(error))
        response.status_code = 404
        response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_machines() -> bool:
    """Return whether the address is of something that no person reads."""
    return request.path.startswith("/ob2/") or request.path.endswith(MACHINES)


def _award_document(found: Award, wanted: str) -> Response:
    """Send the credential as it was signed; of a revoked one, only that it is revoked."""
    if found.revoked_at is not None:
        return gone(found)
    return responses.document(found.credential, wanted)


def _achievement_document(version: AchievementVersion) -> Response:
    did = issuer_did(_base_url(), version.achievement.issuer)
    return responses.document(achievement_document(version, _base_url(), did))


def _issuer_document(found: IssuerProfile) -> Response:
    base_url = _base_url()
    return responses.document(issuer_document(found, base_url, issuer_did(base_url, found)))


def _base_url() -> str:
    base_url: str = current_app.extensions["assay.settings"].base_url
    return base_url
