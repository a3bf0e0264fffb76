"""How much work one page may begin before it answers."""


class Starts:
    """How many more processes may be started for one page: each costs its reader a wait."""

    def __init__(self, count: int) -> None:
        """Allow so many."""
        self._left = count

    def take(self) -> bool:
        """Take one; say whether there was one left."""
        self._left -= 1
        return self._left >= 0
