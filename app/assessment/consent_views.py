"""A learner shows assessed work with a credential: choose, read, sign, take back, keep a copy."""

import hashlib
from collections.abc import Sequence

from flask import (
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.blueprint import bp
from app.assessment.consent_copies import check_copies, forget_unsigned, keep_choices
from app.assessment.consent_forms import Carried, ShareForm, SignForm
from app.assessment.consents import (
    Choice,
    Signature,
    Terms,
    check_terms,
    find_standing_consent,
    get_own_consent,
    list_consents,
    prepare_records,
    sign_consent,
    withdraw_consent,
    write_terms,
)
from app.assessment.disclosing import list_disclosures
from app.assessment.shareable import Candidate, get_own_award, list_candidates
from app.awards.agreeing import has_other_authors
from app.awards.models import Award
from app.core.access import SESSION_KEY, signed_in
from app.core.clock import utcnow
from app.core.crypto import Vault, hash_secret
from app.core.db import db, transaction
from app.core.errors import ConflictError, InvalidError
from app.core.forms import Form
from app.core.principal import current_principal
from app.core.uploads import accepts_uploads
from app.courses.models import Person
from app.courses.service import get_person
from app.evidence.consent_models import Audience, Consent
from app.evidence.redacting import map_copies

HERE = "/my/credentials/<public_id>/evidence"


@bp.get(HERE)
@signed_in
def share(public_id: str) -> str:
    """Show what of one's work is shown with a credential, to whom, and who has seen it."""
    award = _award(public_id)
    standing = find_standing_consent(db.session(), award.id)
    return _page(award, ShareForm.for_candidates(_shareable(award), standing))


@bp.post(HERE)
@accepts_uploads
@signed_in
def choose(public_id: str) -> ResponseReturnValue:
    """Take what was chosen, and show the exact text that is to be signed."""
    award = _award(public_id)
    candidates = _shareable(award)
    form = ShareForm.for_candidates(candidates)
    is_valid = form.validate()
    checked = check_copies(form, person_id=award.person_id)
    if not is_valid or form.errors:
        return _page(award, form), 422
    try:
        terms = form.terms()
        check_terms(terms, now=utcnow())
        choices = keep_choices(award, form, checked, now=utcnow())
        return _signing_page(award, choices, terms, SignForm(formdata=None))
    except InvalidError as error:
        form.form_errors.append(str(error))
        return _page(award, form), 422


@bp.post(f"{HERE}/sign")
@signed_in
def sign(public_id: str) -> ResponseReturnValue:
    """Sign what stood on the page."""
    award = _award(public_id)
    form = SignForm()
    carried = Carried.read(form.carried.data)
    choices, terms = carried.as_choices(), carried.as_terms()
    if not form.validate():
        return _signing_page(award, choices, terms, form), 422
    text = write_terms(award, prepare_records(db.session(), award, choices), terms)
    if form.seen.data != _digest(text):
        flash(_("The text has changed since you opened it. Read it again before you sign."))
        return _signing_page(award, choices, terms, SignForm(formdata=None)), 422
    try:
        with transaction() as writing:
            sign_consent(
                writing,
                get_own_award(writing, public_id, person_id=_me().id),
                choices,
                terms,
                Signature(form.name.data, form.agrees.data, _launch()),
                person=_me(),
                vault=_vault(),
                base_url=_base_url(),
                now=utcnow(),
            )
    except InvalidError as error:
        form.name.errors = [*form.name.errors, str(error)]
        return _signing_page(_award(public_id), choices, terms, form), 422
    forget_unsigned(award, list_candidates(db.session(), award), now=utcnow())
    flash(_("Signed. Your work is shown with the credential now."), "success")
    return redirect(url_for(".share", public_id=public_id), 303)


@bp.post(f"{HERE}/withdraw")
@signed_in
def unshare(public_id: str) -> ResponseReturnValue:
    """Take the consent back: from now on nothing is shown."""
    award = _award(public_id)
    standing = find_standing_consent(db.session(), award.id)
    if standing is None:
        raise ConflictError("Nothing is shown with this credential.")
    with transaction() as writing:
        withdraw_consent(
            writing,
            writing.get_one(Consent, standing.id),
            person=_me(),
            vault=_vault(),
            base_url=_base_url(),
            now=utcnow(),
        )
    flash(_("Taken back. Nothing of your work is shown any more."), "success")
    return redirect(url_for(".share", public_id=public_id), 303)


@bp.get("/my/consents/<int:consent_id>")
@signed_in
def consent(consent_id: int) -> str:
    """Show a learner the copy of what they signed, to read and to print."""
    found = get_own_consent(db.session(), consent_id, person_id=current_principal().person_id)
    return render_template(
        "assessment/consent.html", consent=found, award=db.session().get(Award, found.award_id)
    )


@bp.get("/my/consents/<int:consent_id>.json")
@signed_in
def consent_json(consent_id: int) -> Response:
    """Send a learner the copy of what they signed, for keeping."""
    found = get_own_consent(db.session(), consent_id, person_id=current_principal().person_id)
    response = jsonify(
        number=found.id,
        text=found.text,
        text_edition=found.text_edition,
        purpose=found.purpose,
        audience=found.audience.value,
        signed_name=found.signed_name,
        signed_at=found.signed_at.isoformat(),
        launch=found.launch_id,
        link_ends_at=found.link_ends_at and found.link_ends_at.isoformat(),
        withdrawn_at=found.withdrawn_at and found.withdrawn_at.isoformat(),
        digest=found.digest,
        records=[
            {
                "artifact": item.artifact_id,
                "sha256": item.sha256,
                "shown_as": item.shown_as.value,
                "description": item.description,
                "redacted_sha256": item.redacted.sha256 if item.redacted else None,
            }
            for item in found.items
        ],
    )
    response.headers.set("Content-Disposition", "attachment", filename=f"consent-{found.id}.json")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page(award: Award, form: ShareForm) -> str:
    read = db.session()
    standing = find_standing_consent(read, award.id)
    numbers = [each.artifact.id for each in form.candidates]
    link = None
    if standing is not None and standing.audience is Audience.LINK:
        secret = _vault().open(standing.secret_sealed).decode()
        link = f"{_base_url()}{url_for('public.evidence_by_link', secret=secret)}"
    return render_template(
        "assessment/share.html",
        award=award,
        version=award.version,
        form=form,
        act=Form(formdata=None),
        standing=standing,
        link=link,
        copies=map_copies(read, award.person_id, numbers),
        is_joint=any(
            has_other_authors(read, each.artifact, person_id=award.person_id)
            for each in form.candidates
        ),
        hidden=[each for each in list_candidates(read, award) if each.why_not],
        consents=list_consents(read, award.id),
        disclosures=list_disclosures(read, award.person_id, award_id=award.id),
    )


def _signing_page(award: Award, choices: Sequence[Choice], terms: Terms, form: SignForm) -> str:
    """Show the exact text. Raises: as `consents.prepare_records`."""
    check_terms(terms, now=utcnow())
    text = write_terms(award, prepare_records(db.session(), award, choices), terms)
    form.carried.data, form.seen.data = Carried.write(choices, terms), _digest(text)
    return render_template(
        "assessment/sign.html", award=award, version=award.version, form=form, text=text
    )


def _award(public_id: str) -> Award:
    return get_own_award(db.session(), public_id, person_id=current_principal().person_id)


def _shareable(award: Award) -> list[Candidate]:
    if award.revoked_at is not None:
        return []
    return [each for each in list_candidates(db.session(), award) if not each.why_not]


def _me() -> Person:
    principal = current_principal()
    return get_person(db.session(), principal.person_id, institution_id=principal.institution_id)


def _launch() -> str:
    """Return the number of the session in which something is signed; never its secret."""
    return f"session:{hash_secret(str(session.get(SESSION_KEY)))[:16]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _base_url() -> str:
    base_url: str = current_app.extensions["assay.settings"].base_url
    return base_url


def _vault() -> Vault:
    vault: Vault = current_app.extensions["assay.vault"]
    return vault
