"""Controls of lesson 06: hours per person, budget and thresholds above live totals. A view over parameters, never a second way to compute."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.errors import UserError
from helpers.retention import care_stages, plan_stages
from helpers.retention.settings import ActionsSettings
from helpers.show.tables import as_pre

if TYPE_CHECKING:
    from ipywidgets import VBox

THRESHOLDS = ("moderate_chance", "severe_chance", "min_net", "contacts_per_week")
KNOBS = (*THRESHOLDS, "budget", "hours_share", "plays_per_customer", "hold_out")
REMADE = (care_stages.response_levels, care_stages.customer_situations, plan_stages.candidate_steps)
PLANNED = (plan_stages.candidate_actions, plan_stages.plan_decisions, plan_stages.not_served, plan_stages.owner_load)
SAYS = {
    "customers": "customers served", "value_served": "margin that they bring in a year", "gain": "expected gain", "cost": "cost", "net": "gain less cost", "hours_first_week": "hours in the first week",
    "no_capacity": "customers left out: no hours or money", "given_up": "what that gives up", "held_out": "customers held out, to measure", "not_worth_it": "customers for whom it would cost more",
}  # fmt: skip
DESK = tuple(dict.fromkeys(n for stage in (*REMADE, *PLANNED) for n in inspect.signature(stage).parameters if n not in {s.__name__ for s in PLANNED}))


def plan_totals(tables: Mapping[str, Any], *, hours: Mapping[str, float] | None = None, **changed: float) -> pd.DataFrame:
    """Return what a plan comes to under other hours, another budget or other thresholds: what the controls show, as a plain call.

    Parameters
    ----------
    tables : mapping
        Everything in `DESK` by name, from `helpers.runs.desk.gather`: tables, playbooks, settings, day.
    hours : mapping, optional
        Person to the hours of a week that the list may plan; who is not named keeps his.
    **changed : float
        Settings of the section `actions`: budget, moderate_chance, severe_chance, min_net, contacts_per_week, hours_share, plays_per_customer, hold_out.

    Returns
    -------
    pandas.DataFrame
        One row: customers (Int64, served), value_served (float64, a year's margin of those served), gain, cost, net (float64, currency units), hours_first_week (float64), no_capacity (Int64, customers not served for want of hours or money), given_up
        (float64, what that gives up), held_out, not_worth_it (Int64).

    Raises
    ------
    UserError
        A setting that does not act here: open a run with it instead.
    """
    strange = sorted(set(changed) - set(KNOBS))
    if strange:
        raise UserError(f"{strange[0]} cannot be moved here, only {', '.join(KNOBS)}: open a run with it in `settings`")
    settings: ActionsSettings = tables["actions_settings"]
    wanted = ActionsSettings.model_validate(settings.model_dump() | changed)
    given = _with_hours(dict(tables) | {"actions_settings": wanted}, hours or {}, wanted)
    if any(getattr(wanted, t) != getattr(settings, t) for t in (*THRESHOLDS, "hold_out")):
        given = _made(REMADE, given)
    return _count(_made(PLANNED, given))


def _with_hours(given: dict[str, Any], hours: Mapping[str, float], settings: ActionsSettings) -> dict[str, Any]:
    team = given["team"]
    free = team["hours_per_week"] * settings.hours_share
    told = team.assign(hours_per_week=team["staff_id"].map(dict(hours)).astype("float64").fillna(free))
    return given | {"team": told, "actions_settings": settings.model_copy(update={"hours_share": 1.0})}


def _made(stages: tuple[Callable[..., pd.DataFrame], ...], given: dict[str, Any]) -> dict[str, Any]:
    """Call stages one after the other as the graph does: their parameter names are what they need."""
    told = dict(given)
    for stage in stages:
        told[stage.__name__] = stage(**{n: told.get(n) for n in inspect.signature(stage).parameters})
    return told


def _count(made: Mapping[str, Any]) -> pd.DataFrame:
    actions, decisions, missed, load = (made[n] for n in ("candidate_actions", "plan_decisions", "not_served", "owner_load"))
    listed = actions[actions["candidate_id"].isin(decisions.loc[decisions["decision"] == "treated", "candidate_id"])]
    by = missed["group"].value_counts()
    row = {
        "customers": listed["customer_id"].nunique(), "value_served": listed.drop_duplicates("customer_id")["value"].sum(), "gain": listed["gain"].sum(), "cost": listed["cost"].sum(), "net": listed["net"].sum(),
        "hours_first_week": load.loc[load["week"] == 0, "planned"].sum(), "no_capacity": int(by.get("no capacity", 0)), "given_up": missed.loc[missed["group"] == "no capacity", "net_lost"].sum(),
        "held_out": int(by.get("held out", 0)), "not_worth_it": int(by.get("not worth it", 0)),
    }  # fmt: skip
    return pd.DataFrame([row])


def say_totals(totals: pd.DataFrame) -> str:
    """Return the row of `plan_totals` as lines that a manager reads.

    Examples
    --------
    >>> print(say_totals(pd.DataFrame({"customers": [12], "net": [1234.5]})))
    customers served        12
    gain less cost    1,234.50
    """
    told = {SAYS[name]: f"{column.item():,.2f}" if pd.api.types.is_float_dtype(column) else f"{column.item():,}" for name, column in totals.items()}
    wide, deep = (max(map(len, texts), default=0) for texts in (told, told.values()))
    return "\n".join(f"{words:<{wide}}  {text:>{deep}}" for words, text in told.items())


def plan_controls(tables: Mapping[str, Any]) -> VBox:
    """Return boxes for hours per person, a budget and thresholds above live totals; they start at the run's settings."""
    import ipywidgets as widgets

    team, settings = tables["team"], tables["actions_settings"]
    style, narrow = {"description_width": "240px"}, widgets.Layout(width="380px")
    wide = widgets.Layout(width="560px")
    people = {m.staff_id: widgets.BoundedFloatText(round(m.hours_per_week * settings.hours_share, 2), min=0, max=80, step=1, description=f"{m.staff_id} {m.job}, hours", style=style, layout=narrow) for m in team.itertuples()}
    knobs = {
        "budget": widgets.BoundedFloatText(settings.budget, min=0, max=1e9, step=1000, description="budget (0: no limit)", style=style, layout=narrow),
        "min_net": widgets.BoundedFloatText(settings.min_net, min=0, max=1e6, step=50, description="least net gain of a play", style=style, layout=narrow),
        "moderate_chance": widgets.FloatSlider(settings.moderate_chance, min=0.05, max=0.95, step=0.01, description="moderate from a chance of", continuous_update=False, style=style, layout=wide),
        "severe_chance": widgets.FloatSlider(settings.severe_chance, min=0.05, max=0.95, step=0.01, description="severe from a chance of", continuous_update=False, style=style, layout=wide),
    }
    output = widgets.HTML()

    def update(_: object = None) -> None:
        if knobs["moderate_chance"].value >= knobs["severe_chance"].value:
            output.value = as_pre("moderate must begin below severe")
            return
        moved = {n: w.value for n, w in people.items() if w.value != round(float(team.set_index("staff_id").loc[n, "hours_per_week"]) * settings.hours_share, 2)}
        told = plan_totals(tables, hours=moved, **{n: w.value for n, w in knobs.items()})
        output.value = as_pre(say_totals(told))

    for control in (*people.values(), *knobs.values()):
        control.observe(update, names="value")
    update()
    return widgets.VBox([widgets.GridBox(list(people.values()), layout=widgets.Layout(grid_template_columns="repeat(2, 390px)")), *knobs.values(), output])
