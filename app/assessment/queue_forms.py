"""The forms of the queue, of allocation and of absences."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape
from wtforms import DateField, RadioField, SelectField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import Select

from app.assessment.allocation import MAX_NOTE
from app.assessment.forms import clean
from app.assessment.queue_filters import AGES, PromiseState, QueueState
from app.core.forms import Form

BAD_DAY = _l("Give the day as 2026-12-18")
PROMISE_WORDS = {
    PromiseState.SOON: _l("About to be missed"),
    PromiseState.MISSED: _l("Missed"),
}
STATE_WORDS = {
    QueueState.WAITING: _l("Waiting, nobody has started"),
    QueueState.MINE: _l("Allocated to me"),
    QueueState.STARTED_BY_ME: _l("Started by me"),
    QueueState.STARTED_BY_OTHERS: _l("Started by others"),
    QueueState.RECOMMENDED: _l("Recommended by an assessor"),
    QueueState.ANOTHER: _l("Waits for another grantor"),
    QueueState.DISPUTED: _l("Disputed: needs a moderator"),
    QueueState.QUESTION: _l("A question waits"),
    QueueState.APPEAL: _l("Under appeal"),
}


def age_words(days: int) -> str:
    """Return how the filter by age is called."""
    if days == 1:
        return str(_("Longer than a day ago"))
    return str(_("Longer than %(days)d days ago", days=days))


class PlainSelect(Select):
    """A select whose options have a value and words alone, as quickly as there are hundreds."""

    @classmethod
    def render_option(cls, choice: Choice) -> Markup:
        """Return one option, as the parent does."""
        chosen = " selected" if choice.selected else ""
        value, words = escape(choice.value), escape(choice.label)
        return Markup(f'<option{chosen} value="{value}">{words}</option>')  # noqa: S704 (escaped)


class FilterForm(PlainForm):
    """What the queue is narrowed to; it is part of the address."""

    achievement = SelectField(_l("Micro-credential"), validate_choice=False, widget=PlainSelect())
    course = SelectField(_l("Course"), validate_choice=False, widget=PlainSelect())
    age = SelectField(_l("Handed in"), validate_choice=False, widget=PlainSelect())
    promise = SelectField(_l("Promise"), validate_choice=False, widget=PlainSelect())
    state = SelectField(_l("State"), validate_choice=False, widget=PlainSelect())

    def offer(
        self,
        achievements: Iterable[tuple[int, str]],
        courses: Iterable[tuple[int, str]],
        *,
        moderates: bool,
    ) -> None:
        """Let these be chosen from."""
        self.achievement.choices = _choices(_("All"), achievements)
        self.course.choices = _choices(_("All"), courses)
        self.age.choices = _choices(_("Any time"), ((days, age_words(days)) for days in AGES))
        self.promise.choices = _choices(_("Any"), PROMISE_WORDS.items())
        self.state.choices = _choices(
            _("Everything that waits"),
            (
                each
                for each in STATE_WORDS.items()
                if moderates or each[0] is not QueueState.DISPUTED
            ),
        )


class HandOverForm(Form):
    """To whom work is given, and what is said about it."""

    receiver = RadioField(
        _l("Who takes it on"),
        coerce=int,
        validators=[InputRequired(_l("Choose who takes it on"))],
        invalid_value_message=_l("Choose from this list only"),
        invalid_choice_message=_l("Choose from this list only"),
    )
    note = TextAreaField(
        _l("Note"),
        description=_l("For the one who takes it on; you both see it. The learner does not."),
        filters=[clean],
        validators=[Length(max=MAX_NOTE, message=_l("Keep it under %(max)d characters."))],
    )


class AbsenceForm(Form):
    """Days on which somebody is given no work."""

    first_day = DateField(
        _l("First day away"),
        invalid_value_message=BAD_DAY,
        validators=[InputRequired(_l("Give the first day"))],
    )
    last_day = DateField(
        _l("Last day away"),
        invalid_value_message=BAD_DAY,
        validators=[InputRequired(_l("Give the last day"))],
    )


class ActForm(Form):
    """One button; only the form's token matters."""


def _choices(nothing: str, offered: Iterable[tuple[object, object]]) -> list[SelectChoice]:
    return [
        SelectChoice("", nothing),
        *(SelectChoice(str(value), words) for value, words in offered),
    ]
