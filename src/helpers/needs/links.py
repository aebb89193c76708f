"""Does a behaviour lead to purchases, or do the same customers do both? Exposure before outcome, like compared with like."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.exposures import ANY_ORDER, Panel, build_panel, likeness
from helpers.needs.settings_people import LinksSettings
from helpers.needs.stats import DIGITS, false_discovery

NOTE = "an association among like customers, not proof of a cause: only a random trial is"
VERDICTS = {
    "holds": "also among like customers",
    "active": "they order more of everything, so nothing is special to this group",
    "confounded": "gone among like customers: something else brings both about",
    "unclear": "too few like customers to say",
    "no link": "buyers are no more frequent",
}
Z = 1.959964
COLUMNS = {
    "behaviour": "str", "outcome": "str", "exposed": "Int64", "bought": "Int64", "rate": "float64", "crude_others": "float64",
    "crude_difference": "float64", "crude_low": "float64",
    "crude_high": "float64", "matched": "Int64", "matched_rate": "float64", "matched_others": "float64", "difference": "float64", "low": "float64",
    "high": "float64", "ratio": "float64",
    "buyers_difference": "float64", "buyers_low": "float64", "buyers_high": "float64", "later_difference": "float64", "later_low": "float64",
    "later_high": "float64", "confirmed": "boolean", "p_value": "float64", "q_value": "float64", "verdict": "str", "note": "str",
}  # fmt: skip


def find_links(exposures: pd.DataFrame, item_days: pd.DataFrame, customers: pd.DataFrame | None, *, as_of: dt.date, settings: LinksSettings) -> pd.DataFrame:
    """Return, for every behaviour and product group, whether those who showed the behaviour bought more afterwards, crude and matched.

    Parameters
    ----------
    exposures : pandas.DataFrame
        From `list_exposures`.
    item_days : pandas.DataFrame
        customer_id, item (product group, str), order_date (day).
    customers : pandas.DataFrame or None
        For `match_on`.
    as_of : datetime.date
        Only behaviours whose whole window ended by then are judged.
    settings : LinksSettings

    Returns
    -------
    pandas.DataFrame
        behaviour, outcome (product group or "any order"), exposed (Int64), bought (of them, within the window after), rate;
        crude_others (rate of anybody else on the same days), crude_difference with interval; matched (exposed with like customers), matched_rate,
        matched_others, difference with 95 % interval, ratio; buyers_difference with interval (the same among those who ordered anything in the window;
        missing for
        "any order"); later_difference with interval (the later half of the exposed), confirmed
        (boolean, the later interval lies above 0); p_value, q_value (Benjamini-Hochberg over all pairs), verdict (holds, active, confounded, unclear, no
        link), note.
        Surest first. `active` means: the difference is there, but those customers order more of everything, which also comes from being still around.

    Notes
    -----
    Rows 002-37, 002-38, 003-27, 004-61; feature F20. Each exposed customer is compared, on the day of the behaviour, with customers who had
    not shown it by then. Like means: equal in `match_on`, in the band of orders in the prior period, in the band of days
    since the last order, and in having bought the product group before. Standard errors count every customer once, however often it serves
    as a comparison (Abadie and Imbens 2006 discuss matching estimators).
    """
    panel = build_panel(item_days[item_days["order_date"] <= pd.Timestamp(as_of)], customers, settings)
    last = (pd.Timestamp(as_of) - pd.Timestamp("1970-01-01")).days - settings.window_days
    rows: list[dict[str, object]] = []
    for behaviour, part in exposures.sort_values(["behaviour", "customer_id"]).groupby("behaviour", sort=True):
        who, when = _exposed(part, panel, last, settings)
        if len(who) >= settings.min_exposed:
            rows += [{"behaviour": behaviour, **row} for row in _behaviour_links(part, panel, who, when, settings)]
    return _conclude(pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in {"q_value", "verdict", "note", "confirmed"}]), settings)


def _exposed(part: pd.DataFrame, panel: Panel, last: int, settings: LinksSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return code and day of the exposed who had ordered before and whose window is over."""
    known = part[part["customer_id"].isin(panel.ids)]
    who = np.searchsorted(panel.ids, known["customer_id"].to_numpy(dtype=object).astype(panel.ids.dtype))
    when = (known["on"] - pd.Timestamp("1970-01-01")).dt.days.to_numpy()
    usable = (when <= last) & (panel.latest(who, when) >= 0)
    who, when = who[usable], when[usable]
    rank = np.empty(len(panel.ids), dtype="int64")
    rank[panel.order] = np.arange(len(panel.ids))
    kept = np.sort(np.argsort(rank[who])[: settings.max_exposed])
    return who[kept], when[kept]


def _behaviour_links(part: pd.DataFrame, panel: Panel, who: np.ndarray, when: np.ndarray, settings: LinksSettings) -> list[dict[str, object]]:
    first = np.full(len(panel.ids), np.iinfo("int64").max)
    known = part[part["customer_id"].isin(panel.ids)]
    first[np.searchsorted(panel.ids, known["customer_id"].to_numpy(dtype=object).astype(panel.ids.dtype))] = (known["on"] - pd.Timestamp("1970-01-01")).dt.days
    crude, alike = _pair_up(panel, who, when, first, settings)
    rows = []
    for outcome in panel.keys:
        bought = _bought(panel, outcome, who, when, settings)
        before = panel.count(outcome, who, when) > 0
        if bought.sum() + before.sum() < settings.min_bought:
            continue
        rows.append(
            {
                "outcome": outcome,
                "exposed": len(who),
                "bought": int(bought.sum()),
                "rate": bought.mean(),
                **_compare(panel, outcome, who, when, bought, before, crude, alike, settings),
            }
        )
    return rows


Pairs = tuple[np.ndarray, np.ndarray]  # positions among the exposed, codes of the customers they are compared with


def _pair_up(panel: Panel, who: np.ndarray, when: np.ndarray, first: np.ndarray, settings: LinksSettings) -> tuple[Pairs, Pairs]:
    """Return comparisons with anybody and with like customers: those who had ordered and not shown the behaviour by that day."""
    crude, alike = [], []
    for place, (customer, day) in enumerate(zip(who, when, strict=True)):
        turned = np.roll(panel.order, -(place * 7919) % len(panel.order))  # another start for each, so that nobody serves all
        open_ = turned[(first[turned] > day) & (turned != customer) & (panel.latest(turned, day) >= 0)]
        crude.append(open_[: settings.controls_each])
        codes = likeness(panel, open_, day, settings.prior_days)
        alike.append(open_[codes == likeness(panel, np.array([customer]), day, settings.prior_days)[0]][: settings.controls_each])
    return tuple((np.repeat(np.arange(len(c)), [len(x) for x in c]), np.concatenate(c).astype("int64")) for c in (crude, alike))  # type: ignore[return-value]


def _bought(panel: Panel, outcome: str, customers: np.ndarray, days: np.ndarray, settings: LinksSettings) -> np.ndarray:
    return panel.count(outcome, customers, days + settings.window_days) > panel.count(outcome, customers, days)


def _compare(
    panel: Panel, outcome: str, who: np.ndarray, when: np.ndarray, bought: np.ndarray, before: np.ndarray, crude: Pairs, alike: Pairs, settings: LinksSettings
) -> dict[str, object]:
    plain = estimate(bought, crude, _bought(panel, outcome, crude[1], when[crude[0]], settings))
    place, control = alike
    same = (panel.count(outcome, control, when[place]) > 0) == before[place] if outcome != ANY_ORDER else np.ones(len(place), dtype=bool)
    place, control = place[same], control[same]
    answer = _bought(panel, outcome, control, when[place], settings)
    matched = estimate(bought, (place, control), answer)
    active = _bought(panel, ANY_ORDER, who, when, settings)
    both = active[place] & _bought(panel, ANY_ORDER, control, when[place], settings)
    buyers = estimate(bought, (place[both], control[both]), answer[both]) if outcome != ANY_ORDER else (0, *[np.nan] * 4)
    late = when >= np.median(when)
    later = estimate(bought, (place[late[place]], control[late[place]]), answer[late[place]])
    return {
        "crude_others": plain[2], "matched": matched[0], "matched_rate": matched[1], "matched_others": matched[2],
        "ratio": matched[1] / matched[2] if matched[2] else np.nan,
        **_ends("crude_", plain), **_ends("", matched), **_ends("buyers_", buyers), **_ends("later_", later), "p_value": _upper_tail(matched[3], matched[4]),
    }  # fmt: skip


def _ends(name: str, told: tuple[int, float, float, float, float]) -> dict[str, float]:
    return {f"{name}difference": told[3], f"{name}low": told[3] - Z * told[4], f"{name}high": told[3] + Z * told[4]}


def estimate(bought: np.ndarray, pairs: Pairs, answer: np.ndarray) -> tuple[int, float, float, float, float]:
    """Return what matching says: exposed with a comparison, their rate, the mean rate of their comparisons, difference, standard error.

    Parameters
    ----------
    bought : numpy.ndarray of bool
        Outcome of each exposed customer.
    pairs : tuple of numpy.ndarray
        For each comparison: position among the exposed, code of the customer compared with.
    answer : numpy.ndarray of bool
        Outcome of each comparison.

    Examples
    --------
    >>> out = estimate(np.array([True, False]), (np.array([0, 0, 1]), np.array([5, 6, 7])), np.array([True, False, False]))
    >>> [round(v, 3) for v in out[:4]]
    [2, 0.5, 0.25, 0.25]
    """
    place, control = pairs
    number = np.bincount(place, minlength=len(bought)).astype("float64")
    used = number > 0
    count = int(used.sum())
    if count < 2:
        return count, np.nan, np.nan, np.nan, np.nan
    mean = np.divide(np.bincount(place, weights=answer.astype("float64"), minlength=len(bought)), number, out=np.zeros(len(bought)), where=used)
    gaps = bought[used].astype("float64") - mean[used]
    reuse = np.bincount(control, weights=(answer - mean[place]) / number[place])
    spread = (((gaps - gaps.mean()) ** 2).sum() + (reuse**2).sum()) / count**2
    return count, float(bought[used].mean()), float(mean[used].mean()), float(gaps.mean()), float(np.sqrt(spread))


def _upper_tail(difference: float, error: float) -> float:
    from scipy.stats import norm

    return float(norm.sf(difference / error)) if error > 0 else 1.0


def _conclude(links: pd.DataFrame, settings: LinksSettings) -> pd.DataFrame:
    p_values = links["p_value"].fillna(1.0).to_numpy(dtype="float64")
    q_values = false_discovery(p_values, max(len(links), 1))
    raised = links["crude_low"] > 0
    stays = (links["low"] > 0) & (q_values <= settings.fdr)
    gone = raised & ~stays & (links["difference"] < 0.5 * links["crude_difference"])
    special = stays & (links["buyers_low"] > 0)
    verdict = pd.Series("no link", index=links.index, dtype="str").mask(raised, "unclear").mask(gone, "confounded").mask(stays, "active").mask(special, "holds")
    numbers = [c for c, kind in COLUMNS.items() if kind == "float64" and c in links]
    told = links.assign(q_value=q_values, verdict=verdict, note=NOTE, confirmed=links["later_low"] > 0, p_value=p_values).round(dict.fromkeys(numbers, DIGITS))
    ranked = told.assign(_order=told["verdict"].map({v: n for n, v in enumerate(VERDICTS)})).sort_values(
        ["_order", "q_value", "difference", "behaviour", "outcome"], ascending=[True, True, False, True, True], ignore_index=True
    )
    return ranked[list(COLUMNS)].astype(COLUMNS)


def say_link(link: pd.Series) -> str:
    """Return one link in words.

    Examples
    --------
    >>> say_link(pd.Series({"behaviour": "training: x", "outcome": "plans", "rate": 0.3, "crude_others": 0.05, "matched_others": 0.06, "matched_rate": 0.3,
    ...     "difference": 0.24, "low": 0.19, "high": 0.29, "verdict": "holds"}))
    'training: x -> plans: 30 % bought, 5 % of anybody else, 6 % of like customers; difference among like customers +24 points (+19 to +29): holds'
    """
    return (
        f"{link['behaviour']} -> {link['outcome']}: {link['rate']:.0%} bought, {link['crude_others']:.0%} of anybody else, "
        f"{link['matched_others']:.0%} of like customers; "
        f"difference among like customers {link['difference'] * 100:+.0f} points ({link['low'] * 100:+.0f} to {link['high'] * 100:+.0f}): {link['verdict']}"
    ).replace("% ", " % ")
