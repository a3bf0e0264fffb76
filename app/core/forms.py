"""What every form shares."""

from flask_wtf import FlaskForm


class Form(FlaskForm):
    """A form that is answered by a redirect, or by the page again with status 422.

    `is_unavailable`: it was filled in rightly, but something of ours is away.
    """

    is_unavailable = False

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form: 422 once it has errors."""
        if self.is_unavailable:
            return 503
        return 422 if self.errors else 200
