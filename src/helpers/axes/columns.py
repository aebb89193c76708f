"""The columns of the axes table: what rules may look at, what each may hold, and to which axis it belongs."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.axes.activity import ACTIVITY, RISK, TREND
from helpers.axes.states import STATES
from helpers.rules.regions import Domain

AXES = ("value", "potential", "activity", "lifecycle", "relationship", "strategic", "needs", "facts")
BANDS, HALVES = ("L", "M", "H"), ("L", "H")
NEED_TYPES = ("cost_sensitive", "service_dependent", "innovation_driven", "none", "not_enough_data")
PERCENT = "0 to 100"


@dataclass(frozen=True)
class AxisColumn:
    """A column of `customer_axes`: its axis, what it may hold (`allowed`, or `whole` numbers, or numbers), unit and meaning."""

    name: str
    axis: str
    says: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    whole: bool = False

    @property
    def kind(self) -> str:
        """The dtype in words."""
        return "one of " + ", ".join(self.allowed) if self.allowed else "whole number" if self.whole else "number" if self.unit else "text"


def _band(name: str, axis: str, says: str, allowed: tuple[str, ...] = BANDS) -> AxisColumn:
    return AxisColumn(name, axis, says, allowed=allowed)


def _number(name: str, axis: str, says: str, unit: str) -> AxisColumn:
    return AxisColumn(name, axis, says, unit)


def _count(name: str, axis: str, says: str, unit: str) -> AxisColumn:
    return AxisColumn(name, axis, says, unit, whole=True)


AXIS_COLUMNS: dict[str, AxisColumn] = {
    c.name: c
    for c in (
        _number("total_spend", "value", "net of all returns, since the first order", "currency units"),
        _number("spend_12m", "value", "orders of the last 12 calendar months", "currency units"),
        _number("average_order_value", "value", "total spend by order count", "currency units"),
        _count("order_count", "value", "orders that stand after returns", "orders"),
        _number("orders_per_month", "value", "orders of the last 12 months by the months the customer was there for", "orders a month"),
        _count("r_score", "value", "recency score, best is recent", "1 to the number of bands"),
        _count("f_score", "value", "frequency score", "1 to the number of bands"),
        _count("m_score", "value", "spend score", "1 to the number of bands"),
        _count("r_five", "value", "recency score on a scale of 1 to 5, whatever the number of bands", "1 to 5"),
        _count("fm_five", "value", "mean of frequency and spend score on that scale, half rounded up", "1 to 5"),
        _band("r_band", "value", "recency by thirds of all buyers, H is recent"),
        _band("f_band", "value", "order count by thirds"),
        _band("m_band", "value", "spend by thirds"),
        _band("r_half", "value", "recency against the mean of all buyers, H is more recent", HALVES),
        _band("f_half", "value", "order count against the mean", HALVES),
        _band("m_half", "value", "spend against the mean", HALVES),
        _number("value_score", "value", "mean of the fifths of spend and of orders per month", PERCENT),
        _band("value_band", "value", "third of the scale that the value score is in"),
        _number("growth", "potential", "spend of 12 months against the 12 before, difference by sum; from two years on", "-1 to 1"),
        _count("categories", "potential", "product categories bought so far", "categories"),
        _number("growth_rating", "potential", "rated growth potential, mean of raters", "1 to 5"),
        _number("potential_score", "potential", "mean of growth, room for more categories and rating, of those known", PERCENT),
        _band("potential_band", "potential", "third of the scale that the potential score is in"),
        _count("recency_days", "activity", "days from the last standing order to the as-of date", "days"),
        _number("usual_gap_days", "activity", "gap between orders that is usual for this customer", "days"),
        _number("silence", "activity", "recency by usual gap", "usual gaps"),
        _number("slowing_after_days", "activity", "from this recency on the customer is slowing", "days"),
        _number("silent_after_days", "activity", "beyond this recency the customer is silent", "days"),
        _band("activity", "activity", "how the present silence compares", ACTIVITY),
        _band("trend", "activity", "spend over three complete quarters, season looked at", TREND),
        _number("trend_change", "activity", "last complete quarter over the third last, less one", "share"),
        _count("complaints_recent", "activity", "complaints within the days that count", "complaints"),
        _band("risk", "activity", "risk that the customer leaves", RISK),
        _count("tenure_days", "lifecycle", "days from the first standing order to the as-of date", "days"),
        _band("state", "lifecycle", "lifecycle state", STATES),
        _count("contacts_12m", "relationship", "conversations in the last 12 months", "conversations"),
        _number("satisfaction", "relationship", "latest answer of the last 12 months", PERCENT),
        _number("relationship_score", "relationship", "mean of tenure, contact and satisfaction, of those known; needs one of the last two", PERCENT),
        _band("relationship_band", "relationship", "third of the scale that the relationship score is in"),
        _number("fit_rating", "strategic", "rated strategic fit, mean of raters", "1 to 5"),
        _number("strategic_rating", "strategic", "mean of fit, reference value, influence and test feedback", "1 to 5"),
        _band("fit_band", "strategic", "H from 4, M from 3 of 5"),
        _band("need_type", "needs", "what the customer mainly wants (lesson 04)", NEED_TYPES),
        _band("kind", "facts", "who buys", ("consumer", "business")),
        AxisColumn("member_level", "facts", "level in the loyalty programme"),
        AxisColumn("region", "facts", "where the customer is"),
        AxisColumn("industry", "facts", "branch of a business"),
        AxisColumn("size", "facts", "size class of a business"),
    )
}


def axis_domains(top_score: int) -> dict[str, Domain]:
    """Return what each column may hold, for the linter.

    Parameters
    ----------
    top_score : int
        The best RFM score, for example 5.

    Examples
    --------
    >>> axis_domains(5)["r_score"].values
    (1.0, 2.0, 3.0, 4.0, 5.0)
    """
    scores = {"_score": Domain(tuple(float(i) for i in range(1, top_score + 1))), "_five": Domain(tuple(float(i) for i in range(1, 6)))}
    listed = {f"{letter}{end}": d for end, d in scores.items() for letter in ("r", "f", "m", "fm")}
    return {n: listed[n] if n in listed else _domain(c) for n, c in AXIS_COLUMNS.items()}


def _domain(column: AxisColumn) -> Domain:
    low = 0.0 if column.whole or column.unit == PERCENT else -float("inf")
    return Domain(tuple(column.allowed), whole=column.whole, low=low, may_be_missing=column.name not in ("order_count", "state"), text=column.kind == "text")
