"""The forms by which whoever began a work finds others, and invites them to it."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from app.core.forms import Form
from app.courses.models import Person

MAX_ROW_ID = 2**31 - 1  # PostgreSQL's `integer`
CHOOSE = _l("Choose whom you want to invite")


class FindForm(Form):
    """A part of a name, where a course has too many learners for one list."""

    find = StringField(_l("Part of a name"), validators=[Length(max=100)])
    search = SubmitField(_l("Find"))

    class Meta:
        """It only reads."""

        csrf = False


class InviteForm(Form):
    """Whom to invite; what is sent is judged by the service, for the list is cut by a search."""

    person = SelectField(
        _l("Learner"),
        coerce=int,
        validate_choice=False,
        invalid_value_message=CHOOSE,
        validators=[InputRequired(CHOOSE), NumberRange(1, MAX_ROW_ID, message=CHOOSE)],
    )
    send = SubmitField(_l("Invite"))

    @classmethod
    def for_people(cls, people: Sequence[Person]) -> "InviteForm":
        """Build the form with those who can be chosen."""
        form = cls()
        form.person.choices = [
            SelectChoice(str(person.id), person.display_name) for person in people
        ]
        return form
