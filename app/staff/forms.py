"""The forms of grantors, administrators, campus accounts and the same person in two LMSs."""

from collections.abc import Iterable
from datetime import MAXYEAR
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from app.core.forms import Form
from app.courses.models import Course
from app.programme.models import AssessingRole, GrantorAppointment
from app.programme.wording import is_clean
from app.staff.grantors import last_day_of
from app.staff.people import Known

MAX_NOTE = 1000
MAX_CODE = 40
EVERYWHERE, SOME = "all", "some"
BAD_DAY = _l("Give the day as 2026-12-18")
NOT_LISTED = _l("Choose from this list only; if that does not help, search again")


class ActForm(Form):
    """One button; only the form's token matters."""


class SearchForm(PlainForm):
    """What a search looks for; it is part of the address."""

    achievement = SelectField(_l("Micro-credential"), validators=[Optional()])
    person = StringField(
        _l("Name or e-mail"),
        description=_l("Somebody who has opened Assay from an LMS, or stands in a class list."),
    )
    course = StringField(
        _l("Course"),
        description=_l(
            "A part of its title; to limit the appointment to a course that does not use it yet."
        ),
    )
    find = SubmitField(_l("Search"))

    def offer_achievements(self, achievements: Iterable[tuple[int, str]], nothing: str) -> None:
        """Let these be chosen from."""
        self.achievement.choices = [
            SelectChoice("", nothing),
            *(SelectChoice(str(each), name) for each, name in achievements),
        ]


class ChooseForm(Form):
    """One of the people whom a search found."""

    person_id = RadioField(
        _l("Who"),
        coerce=int,
        invalid_value_message=NOT_LISTED,
        invalid_choice_message=NOT_LISTED,
        validators=[InputRequired(_l("Choose somebody"))],
    )
    submit = SubmitField(_l("Appoint"))

    def offer_people(self, people: Iterable[Known]) -> None:
        """Let these be chosen from; a single one is chosen already."""
        known = list(people)
        self.person_id.choices = [
            SelectChoice(str(each.person.id), each.person.display_name) for each in known
        ]
        if len(known) == 1 and not self.is_submitted():
            self.person_id.data = known[0].person.id


class InviteForm(ChooseForm):
    """Whose campus account is to be tied."""

    submit = SubmitField(_l("Make an invitation link"))


class TermsForm(Form):
    """As what somebody is appointed, from when to when it holds, and where."""

    role = RadioField(
        _l("As what"),
        choices=[
            SelectChoice(AssessingRole.ASSESSOR.value, _l("Assessor")),
            SelectChoice(AssessingRole.GRANTOR.value, _l("Grantor")),
            SelectChoice(AssessingRole.MODERATOR.value, _l("Moderator")),
        ],
        default=AssessingRole.GRANTOR.value,
        validators=[InputRequired(_l("Choose as what they are appointed"))],
    )
    starts_on = DateField(
        _l("First day"),
        invalid_value_message=BAD_DAY,
        validators=[InputRequired(_l("Give the first day"))],
    )
    last_day = DateField(
        _l("Last day"),
        description=_l("Left empty, it holds until somebody ends it."),
        invalid_value_message=BAD_DAY,
        validators=[Optional()],
    )
    trained_on = DateField(
        _l("Trained on"),
        description=_l("The day of the grantor’s training."),
        invalid_value_message=BAD_DAY,
        validators=[Optional()],
    )
    scope = RadioField(
        _l("Where it holds"),
        choices=[
            SelectChoice(EVERYWHERE, _l("In every course")),
            SelectChoice(SOME, _l("Only in the courses ticked below")),
        ],
        default=EVERYWHERE,
        validators=[InputRequired(_l("Choose where the appointment holds"))],
    )
    courses = SelectMultipleField(
        _l("Courses"),
        coerce=int,
        invalid_value_message=NOT_LISTED,
        invalid_choice_message=NOT_LISTED,
        validators=[Optional()],
    )
    note = TextAreaField(
        _l("Note on the qualification"),
        description=_l("For administrators and the grantor; such as a degree or a licence."),
        validators=[
            Optional(),
            Length(max=MAX_NOTE, message=_l("Use at most %(max)d characters for the note")),
        ],
    )
    submit = SubmitField(_l("Save"))

    def offer_courses(self, courses: Iterable[Course]) -> None:
        """Let these courses be ticked."""
        self.courses.choices = [
            SelectChoice(str(course.id), course.display_title) for course in courses
        ]

    def offer_roles(self, is_assessed: bool) -> None:  # noqa: FBT001 (said by the achievement)
        """Ask as what somebody is appointed, unless there is nothing to assess."""
        if not is_assessed:
            del self.role

    @property
    def chosen_role(self) -> AssessingRole | None:
        """As what they are appointed; `None` where it was not asked."""
        return AssessingRole(self.role.data) if "role" in self else None

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field; what is wrong with courses of which none is offered stands above."""
        is_valid: bool = super().validate(extra_validators)
        if self.courses.errors and not self.courses.choices:
            self.scope.errors, self.courses.errors = [*self.courses.errors], []
        return is_valid

    def validate_last_day(self, field: DateField) -> None:
        """Refuse an appointment that ends before it begins, or beyond the calendar."""
        if field.data is None or self.starts_on.data is None:
            return
        if field.data < self.starts_on.data:
            raise ValidationError(_("The last day is before the first one"))
        if field.data.year == MAXYEAR:
            raise ValidationError(_("Give a day that somebody may live to see"))

    def validate_scope(self, field: RadioField) -> None:
        """Ask for a course where only some are meant."""
        if field.data == SOME and not self.courses.data:
            raise ValidationError(_("Tick at least one course, or choose every course"))

    def validate_note(self, field: TextAreaField) -> None:
        """Refuse what no page shows as it is."""
        if not is_clean((field.data or "").replace("\r\n", "\n")):
            raise ValidationError(_("The note has a control character; type it again"))

    @classmethod
    def values_of(cls, appointment: GrantorAppointment) -> dict[str, Any]:
        """Return what an appointment says, as the form takes it."""
        return {
            "starts_on": appointment.starts_at.date(),
            "last_day": last_day_of(appointment.ends_at) if appointment.ends_at else None,
            "trained_on": appointment.trained_on.date() if appointment.trained_on else None,
            "role": appointment.role.value,
            "scope": SOME if appointment.is_limited else EVERYWHERE,
            "courses": [course.id for course in appointment.courses],
            "note": appointment.note or "",
        }


class AppointForm(ChooseForm, TermsForm):
    """A grantor: who, from when to when, and where."""

    submit = SubmitField(_l("Appoint"))


class CodeForm(Form):
    """A code from another LMS."""

    code = StringField(
        _l("Code"),
        description=_l("As the other LMS shows it; capital letters and hyphens do not matter."),
        validators=[
            DataRequired(_l("Type the code")),
            Length(max=MAX_CODE, message=_l("This is no code: it is too long")),
        ],
    )
    submit = SubmitField(_l("Look who that is"))


class SignInForm(Form):
    """The way to the campus sign-in."""

    next = HiddenField()
    invitation = HiddenField()
    submit = SubmitField(_l("Sign in with your campus account"))
