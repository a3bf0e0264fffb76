"""The forms of withdrawing and of conflicts of interest."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import Form as PlainForm
from wtforms import RadioField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.assessment.forms import clean
from app.assessment.recusing import MAX_REASON
from app.core.forms import Form
from app.courses.models import Person

THIS_WORK, THIS_PERSON = "work", "person"
NOT_LISTED = _l("Choose from this list only; if that does not help, search again")


class SearchForm(PlainForm):
    """Whom a search looks for; it is part of the address."""

    learner = StringField(
        _l("Name or e-mail of the learner"), description=_l("A part of it is enough.")
    )
    find = SubmitField(_l("Search"))


class ReasonForm(Form):
    """Why somebody stays away."""

    reason = TextAreaField(
        _l("Why"),
        description=_l("For the administrators of the programme; the learner does not read it."),
        filters=[clean],
        validators=[
            InputRequired(_l("Say why")),
            Length(max=MAX_REASON, message=_l("Keep it under %(max)d characters.")),
        ],
    )


class RecuseForm(ReasonForm):
    """Withdrawing from one work, or from all of its learner's."""

    scope = RadioField(
        _l("From what"),
        choices=[
            SelectChoice(THIS_WORK, _l("From this work only")),
            SelectChoice(THIS_PERSON, _l("From all work of this learner: a conflict of interest")),
        ],
        default=THIS_WORK,
        validators=[InputRequired(_l("Choose from what"))],
    )
    submit = SubmitField(_l("Withdraw"))

    def leave_person_out(self) -> None:
        """Offer this work alone: whose it is, nobody here is told."""
        del self.scope

    @property
    def means_person(self) -> bool:
        """Whether all work of the learner is meant."""
        return "scope" in self and self.scope.data == THIS_PERSON


class ConflictForm(ReasonForm):
    """A learner whose work somebody does not assess."""

    learner_id = RadioField(
        _l("Whose work"),
        coerce=int,
        invalid_value_message=NOT_LISTED,
        invalid_choice_message=NOT_LISTED,
        validators=[InputRequired(_l("Choose somebody"))],
    )
    submit = SubmitField(_l("Declare it"))

    def offer_learners(self, learners: Iterable[Person]) -> None:
        """Let these be chosen from; a single one is chosen already."""
        known = list(learners)
        self.learner_id.choices = [SelectChoice(str(each.id), each.display_name) for each in known]
        if len(known) == 1 and not self.is_submitted():
            self.learner_id.data = known[0].id


class AnyConflictForm(ConflictForm):
    """A conflict of interest that an administrator declares for somebody."""

    person_id = SelectField(
        _l("Who does not assess it"),
        coerce=int,
        invalid_value_message=NOT_LISTED,
        invalid_choice_message=NOT_LISTED,
        validators=[InputRequired(_l("Choose somebody"))],
    )

    def offer_assessing(self, people: Iterable[Person]) -> None:
        """Let these be chosen from."""
        self.person_id.choices = [SelectChoice(str(each.id), each.display_name) for each in people]
