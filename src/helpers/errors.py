"""The two things a run may say to its user: an error to mend, or evidence that is missing."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend, said in one sentence: what is wrong, where, and what to do.

    Examples
    --------
    >>> raise UserError("orders.csv is empty: export it again")
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: orders.csv is empty: export it again
    """


class NotMeasured(UserError):
    """A table cannot be made because evidence is absent; never replaced by a neutral value.

    Parameters
    ----------
    table : str
        The table that was asked for.
    needs : tuple of str
        The canonical tables whose absence prevents it.

    Examples
    --------
    >>> str(NotMeasured("satisfaction", ("surveys",)))
    'satisfaction is not measured: needs surveys'
    """

    def __init__(self, table: str, needs: tuple[str, ...]) -> None:
        super().__init__(f"{table} is not measured: needs {', '.join(needs)}")
        self.table, self.needs = table, needs
