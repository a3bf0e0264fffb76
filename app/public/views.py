"""What anybody may see: credentials, achievements, issuers. No session, no cookie."""

from typing import Any

from flask import Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app.assessment.disclosing import find_public
from app.awards.facts import achievement_address, award_address, image_address, png_address
from app.awards.models import Award
from app.awards.service import get_award_by_public_id
from app.awards.traces import read_trace
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
    responses,
    status_views,  # noqa: F401 (registers its view)
)
from app.public.blueprint import bp
from app.public.documents import achievement_document, issuer_document, revoked_document
from app.public.service import (
    check_award,
    get_did_document,
    get_issuer,
    get_issuer_by_did_path,
    get_version,
    is_database_ready,
    list_parts,
)


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """Say what this is to somebody who came without a course."""
    return responses.page(render_template("public/home.html"))


@bp.get("/credentials/<public_id>")
@public
def award(public_id: str) -> ResponseReturnValue:
    """Show and verify one award, or send its credential to a machine that asks for JSON."""
    found = get_award_by_public_id(db.session(), public_id)
    wanted = responses.wanted_type()
    return _award_page(found) if wanted == responses.HTML else _award_document(found, wanted)


@bp.get("/credentials/<public_id>.json")
@public
def award_json(public_id: str) -> ResponseReturnValue:
    """Send one award's credential."""
    wanted = responses.wanted_type()
    found = get_award_by_public_id(db.session(), public_id)
    response = _award_document(found, wanted)
    if "download" in request.args:
        name = f"{found.version.achievement.slug}.json"
        response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


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
    found = get_issuer(db.session(), slug)
    if responses.wanted_type() != responses.HTML:
        return _issuer_document(found)
    did = issuer_did(_base_url(), found)
    return responses.page(render_template("public/issuer.html", issuer=found, did=did))


@bp.get("/issuers/<slug>.json")
@public
def issuer_json(slug: str) -> ResponseReturnValue:
    """Describe who makes awards."""
    return _issuer_document(get_issuer(db.session(), slug))


@bp.get("/.well-known/did.json", defaults={"did_path": ""})
@bp.get("/<path:did_path>/did.json")
@public
def did(did_path: str) -> ResponseReturnValue:
    """Publish the keys of an issuer, at the address that its `did:web` names.

    Source: did:web method specification, section 3.2.
    """
    session = db.session()
    found = get_issuer_by_did_path(session, did_path.replace("/", ":"))
    return responses.document(get_did_document(session, found, _base_url()))


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
    if responses.wanted_type() == responses.HTML and not request.path.endswith(".json"):
        text = render_template("public/not_found.html", message=str(error))
        response = Response(text, status=404)
        response.headers["Content-Security-Policy"] = responses.PAGE_POLICY
    else:
        response = jsonify(error=str(error))
        response.status_code = 404
        response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


def _award_page(found: Award) -> Response:
    base_url = _base_url()
    verdict = check_award(db.session(), found, base_url=base_url, now=utcnow())
    return responses.page(
        render_template(
            "public/award.html",
            award=found,
            version=found.version,
            trace=read_trace(db.session(), found, now=utcnow()),
            verdict=verdict,
            shown=verdict.facts,
            address=award_address(base_url, found.public_id),
            image_url=image_address(base_url, found.version),
            png_url=png_address(base_url, found.version),
            did=issuer_did(base_url, found.version.achievement.issuer),
            has_evidence=find_public(db.session(), found, now=utcnow()) is not None,
        )
    )


def _award_document(found: Award, wanted: str) -> Response:
    """Send the credential as it was signed; of a revoked one, only that it is revoked.

    Status 410, because some verifiers read a whole credential as good whatever
    else it says.
    Source: Open Badges 2.0, hosted verification; nothing newer says otherwise.
    """
    if found.revoked_at is not None:
        address = award_address(_base_url(), found.public_id)
        body: dict[str, Any] = revoked_document(address, found.revocation_reason)
        return responses.document(body, status=410)
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
