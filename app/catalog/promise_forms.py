"""The form of what is promised for the work of an achievement."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField
from wtforms.validators import Optional, ValidationError

from app.catalog.promises import MAX_PROMISE_DAYS
from app.core.forms import Form

BAD_DAYS = _l("Give whole days, 1 to %(max)d, or leave it empty", max=MAX_PROMISE_DAYS)


class PromiseForm(Form):
    """By when work is decided, and whether it is given out."""

    promise_days = IntegerField(
        _l("A decision is promised within"),
        description=_l(
            "Learners are told the day when they hand in, and the queue shows it as a clock. "
            "Left empty, nothing is promised."
        ),
        invalid_value_message=BAD_DAYS,
        validators=[Optional()],
    )
    is_allocated = BooleanField(
        _l("Give out work by load"),
        description=_l(
            "Whoever of those appointed has the least gets what is handed in. Left off, "
            "whoever is free takes it."
        ),
    )

    def validate_promise_days(self, field: IntegerField) -> None:
        """Refuse days out of range, however long the number is."""
        if field.data is not None and not 1 <= field.data <= MAX_PROMISE_DAYS:
            raise ValidationError(BAD_DAYS)
