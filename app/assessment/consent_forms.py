"""The forms by which a learner says what may be shown, and signs it."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from wtforms import BooleanField, DateField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from app.assessment.consents import MAX_DESCRIPTION, Choice, Terms
from app.assessment.shareable import Candidate
from app.core.errors import InvalidError
from app.core.forms import Form
from app.evidence.consent_models import Audience, Consent, RedactedCopy, ShownAs

# What a column of the database holds; and a moment that is one in every time zone.
MAX_ID = 2**31 - 1
LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC)
SHOWN, DESCRIPTION, COPY = "shown_", "description_", "copy_"
NOT_AT_ALL = "no"


class ShareForm(Form):
    """What of each piece is shown, and to whom."""

    candidates: Sequence[Candidate] = ()

    audience = RadioField(
        _l("Who may see it?"),
        choices=[
            SelectChoice(Audience.LINK.value, _l("Only whoever has the link that you give out")),
            SelectChoice(
                Audience.PUBLIC.value, _l("Everybody, on the public page of your credential")
            ),
        ],
        validators=[InputRequired(_l("Choose who may see it"))],
    )
    link_ends_on = DateField(
        _l("The link works until"),
        description=_l("Only for a link. Leave it empty for no end."),
        validators=[Optional()],
    )
    has_third_parties = BooleanField(
        _l("Other people can be recognised in it, or have taken part in it")
    )
    third_parties_agree = BooleanField(_l("They have agreed to being shown"))

    @classmethod
    def for_candidates(
        cls, candidates: Sequence[Candidate], standing: Consent | None = None
    ) -> "ShareForm":
        """Build the form for what can be shown, bound to the request if it is a POST.

        `standing`: the consent that holds now; a new form begins with what it says.
        """
        shown = {item.artifact_id: item for item in standing.items} if standing else {}
        fields: dict[str, Any] = {"candidates": candidates}
        for each in candidates:
            number, name = each.artifact.id, each.name
            fields[f"{SHOWN}{number}"] = RadioField(
                name,
                choices=[
                    SelectChoice(NOT_AT_ALL, _("Not shown")),
                    SelectChoice(ShownAs.FULL.value, _("In full")),
                    SelectChoice(ShownAs.REDACTED.value, _("A redacted copy")),
                    SelectChoice(ShownAs.DESCRIPTION.value, _("A description only")),
                ],
                default=shown[each.artifact.id].shown_as.value
                if each.artifact.id in shown
                else NOT_AT_ALL,
                validators=[InputRequired(_("Choose how “%(name)s” is shown", name=name))],
            )
            fields[f"{DESCRIPTION}{number}"] = TextAreaField(
                _("Description of “%(name)s”", name=name),
                default=shown[each.artifact.id].description if each.artifact.id in shown else "",
                validators=[Length(max=MAX_DESCRIPTION)],
            )
            fields[f"{COPY}{number}"] = FileField(_("Redacted copy of “%(name)s”", name=name))
        ends = standing.link_ends_at if standing else None
        form: ShareForm = type("BoundShareForm", (cls,), fields)(
            audience=(standing.audience if standing else Audience.LINK).value,
            link_ends_on=ends and ends.date(),
            has_third_parties=bool(standing and standing.has_third_parties),
            third_parties_agree=bool(standing and standing.third_parties_agree),
        )
        return form

    def choices(self, copies: dict[int, RedactedCopy]) -> list[Choice]:
        """Return what was chosen to be shown; read it on a valid form."""
        made = []
        for each in self.candidates:
            number = each.artifact.id
            shown = self[f"{SHOWN}{number}"].data
            if shown != NOT_AT_ALL:
                copy = copies.get(number)
                made.append(
                    Choice(
                        artifact_id=number,
                        shown_as=ShownAs(shown),
                        description=self[f"{DESCRIPTION}{number}"].data or "",
                        redacted_id=copy.id if copy and shown == ShownAs.REDACTED else None,
                    )
                )
        return made

    def terms(self) -> Terms:
        """Return to whom it is shown; read it on a valid form."""
        ends = self.link_ends_on.data
        return Terms(
            audience=Audience(self.audience.data),
            link_ends_at=datetime.combine(ends, time.max, tzinfo=UTC) if ends else None,
            has_third_parties=self.has_third_parties.data,
            third_parties_agree=self.third_parties_agree.data,
        )


class _Carried(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    artifact_id: int = Field(ge=1, le=MAX_ID)
    shown_as: ShownAs
    description: str = Field(max_length=MAX_DESCRIPTION)
    redacted_id: int | None = Field(default=None, ge=1, le=MAX_ID)


class Carried(BaseModel):
    """What was chosen on the page before, carried by the page on which it is signed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choices: list[_Carried] = Field(max_length=200)
    audience: Audience
    link_ends_at: AwareDatetime | None = Field(default=None, lt=LAST_MOMENT)
    has_third_parties: bool = False
    third_parties_agree: bool = False

    @classmethod
    def write(cls, choices: Sequence[Choice], terms: Terms) -> str:
        """Return it as a text for a hidden field."""
        return cls(
            choices=[_Carried.model_validate(vars(each)) for each in choices], **vars(terms)
        ).model_dump_json()

    @classmethod
    def read(cls, text: str | None) -> "Carried":
        """Read it again.

        Raises: `InvalidError` if it is not what a page of ours carries.
        """
        try:
            return cls.model_validate_json(text or "")
        except ValidationError as error:
            raise InvalidError("Begin again: choose what is to be shown.") from error

    def as_choices(self) -> list[Choice]:
        """Return the choices."""
        return [Choice(**each.model_dump()) for each in self.choices]

    def as_terms(self) -> Terms:
        """Return the terms."""
        return Terms(**self.model_dump(exclude={"choices"}))


class SignForm(Form):
    """The signature under the exact text that stands on the page.

    `carried`: what was chosen. `seen`: the SHA-256 of the text that was shown.
    """

    carried = HiddenField()
    seen = HiddenField()
    name = StringField(
        _l("Your full name"),
        description=_l("As it stands in your course. Typing it is your signature."),
        validators=[InputRequired(_l("Sign with your full name")), Length(max=300)],
    )
    agrees = BooleanField(
        _l("I have read this text, and I agree to it"),
        validators=[InputRequired(_l("Tick that you agree, or go back"))],
    )
