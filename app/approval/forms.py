"""The forms of the proposer."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    Field,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    Optional,
    Regexp,
    ValidationError,
)
from wtforms.widgets import DateInput

from app.approval.pinned import NO, YES, Answer, PinnedRules, why_wrong
from app.core.forms import Form
from app.evidence.texts import drop_controls
from app.programme.rules import Audience, Question
from app.programme.wording import SLUG, is_clean

MAX_NAME, MAX_SLUG, MAX_UNIT = 200, 80, 200
MAX_LINE, MAX_TEXT, MAX_REASON = 500, 10_000, 4000
QUESTION = "question_"
NOT_LISTED = _l("Choose from this list only; if that does not help, reload the page")
TOO_LONG = _l("Use at most %(max)d characters here")


def clean_text(value: str | None) -> str | None:
    """Take control characters and outer white space from typed text; what is not sent stays so."""
    return None if value is None else drop_controls(value)


def clean_line(value: str | None) -> str | None:
    """Make typed text one line."""
    return None if value is None else " ".join(drop_controls(value).split())


def readable(form: Form, field: Field) -> None:
    """Refuse characters that turn the direction of what stands around them."""
    del form
    if field.data and not is_clean(field.data):
        raise ValidationError(_("Type this again: a character in it turns the reading direction"))


def at_most(limit: int) -> Length:
    """Return the validator of a text's length."""
    return Length(max=limit, message=TOO_LONG)


class BeginForm(Form):
    """What a new micro-credential is, as far as it must be known at the start."""

    name = StringField(
        _l("Name"),
        description=_l("As it will stand on the badge, such as “Interviewing Witnesses”."),
        filters=[clean_line],
        validators=[DataRequired(_l("Give it a name")), at_most(MAX_NAME), readable],
    )
    level = RadioField(
        _l("Level"), validators=[InputRequired(_l("Choose a level"))], validate_choice=True
    )
    issuer = SelectField(_l("Issuer"), validators=[InputRequired(_l("Choose an issuer"))])
    unit = StringField(
        _l("Issuing unit"),
        description=_l("The department or office that owns it and appoints its grantors."),
        filters=[clean_line],
        validators=[Optional(), at_most(MAX_UNIT), readable],
        render_kw={"list": "units"},
    )
    audience = RadioField(_l("For whom is it meant?"))
    slug = StringField(
        _l("Short name for addresses"),
        description=_l("Small letters, digits and hyphens. Left empty, it is made from the name."),
        filters=[clean_line],
        validators=[
            Optional(),
            at_most(MAX_SLUG),
            Regexp(SLUG, message=_l("Use small letters, digits and single hyphens only")),
        ],
    )
    submit = SubmitField(_l("Begin the proposal"))

    @classmethod
    def build(
        cls,
        *,
        levels: Sequence[tuple[str, str]],
        issuers: Sequence[tuple[str, str]],
        audiences: Sequence[Audience],
        defaults: dict[str, str],
    ) -> "BeginForm":
        """Build the form of one institution, filled with what is likely unless it was sent."""
        form = cls(**defaults)
        form.level.choices = [SelectChoice(*each) for each in levels]
        form.issuer.choices = [SelectChoice(*each) for each in issuers]
        _offer(form, audiences)
        return form


class ChangeForm(Form):
    """Which micro-credential is to be changed."""

    achievement = SelectField(
        _l("Micro-credential"),
        coerce=int,
        validators=[InputRequired(_l("Choose a micro-credential"))],
    )
    audience = RadioField(_l("For whom is it meant?"))
    submit = SubmitField(_l("Propose a change"))

    @classmethod
    def build(
        cls,
        *,
        achievements: Sequence[tuple[int, str]],
        audiences: Sequence[Audience],
        defaults: dict[str, str],
    ) -> "ChangeForm":
        """Build the form of one institution."""
        form = cls(prefix="change-", **defaults)
        form.achievement.choices = [
            SelectChoice(str(value), label) for value, label in achievements
        ]
        _offer(form, audiences)
        return form


class ProposeForm(Form):
    """A draft that is there already goes on its way."""

    audience = RadioField(_l("For whom is it meant?"))
    submit = SubmitField(_l("Begin a proposal for it"))

    @classmethod
    def build(cls, *, audiences: Sequence[Audience]) -> "ProposeForm":
        """Build the form of one institution."""
        form = cls()
        _offer(form, audiences)
        return form


class AnswersForm(Form):
    """The preset's questions; every answer may still be missing."""

    questions: Sequence[Question] = ()
    save = SubmitField(_l("Save draft"))

    @classmethod
    def for_questions(cls, pinned: PinnedRules, answers: dict[str, Any]) -> "AnswersForm":
        """Build the form of one proposal, filled with what is answered unless it was sent."""
        fields: dict[str, object] = {"questions": pinned.questions}
        for question in pinned.questions:
            fields[f"{QUESTION}{question.key}"] = _answer_field(question)
        filled = {f"{QUESTION}{key}": answer for key, answer in answers.items() if answer}
        form: AnswersForm = type("BoundAnswersForm", (cls,), fields)(**filled)
        return form

    def field(self, question: Question) -> Field:
        """Return the field of one question."""
        return self[f"{QUESTION}{question.key}"]

    @property
    def sections(self) -> list[tuple[str, list[Question]]]:
        """The questions by section, in the preset's order."""
        sections: dict[str, list[Question]] = {}
        for question in self.questions:
            sections.setdefault(question.section, []).append(question)
        return list(sections.items())

    @property
    def answers(self) -> dict[str, Answer]:
        """What was typed, by question key; read it on a valid form."""
        return {question.key: self.field(question).data or None for question in self.questions}


class DocumentForm(Form):
    """One file."""

    document = FileField(_l("Document"))
    attach = SubmitField(_l("Attach"))


class ActForm(Form):
    """One button; only the form's token matters."""


def _offer(form: BeginForm | ChangeForm | ProposeForm, audiences: Sequence[Audience]) -> None:
    if audiences:
        form.audience.choices = [SelectChoice(each.key, each.name) for each in audiences]
        form.audience.validators = [InputRequired(_("Say for whom it is meant"))]
    else:
        del form.audience


def _answer_field(question: Question) -> Field:
    def fits(form: Form, field: Field) -> None:
        del form
        why = why_wrong(question, field.data)
        if why is not None:
            raise ValidationError(why)

    said = {"label": question.label, "description": question.hint or ""}
    line = {"filters": [clean_line], "validators": [at_most(MAX_LINE), readable, fits]}
    if question.kind == "prose":
        return TextAreaField(
            **said, filters=[clean_text], validators=[at_most(MAX_TEXT), readable, fits]
        )
    if question.kind == "date":
        return StringField(**said, widget=DateInput(), **line)
    if question.kind in {"line", "number"}:
        return StringField(**said, **line)
    choices = [SelectChoice(choice, choice) for choice in question.choices]
    if question.kind == "yes_no":
        choices = [SelectChoice(YES, _("Yes")), SelectChoice(NO, _("No"))]
    kind = SelectMultipleField if question.kind == "choices" else RadioField
    return kind(**said, choices=choices, validators=[fits], validate_choice=False)
