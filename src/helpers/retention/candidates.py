"""Everything that could be done: each play for each customer it fits, with its price, gain, and what forbids it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.retention.eligibility import find_eligible, name_occasion, say_why
from helpers.retention.ground import BY_RULE, Ground
from helpers.retention.owners import AUTOMATIC, HOUR
from helpers.retention.playbook import Play
from helpers.retention.stepping import STEPS, lay_out_steps

CANDIDATES = {
    "candidate_id": "str", "customer_id": "str", "play": "str", "purpose": "str", "occasion": "str", "reason": "str", "reason_zh": "str", "chance": "float64", "value": "float64", "gain": "float64", "money": "float64",
    "hours": "float64", "work_cost": "float64", "cost": "float64", "net": "float64", "contacts": "Int64", "hold_out": "float64", "blocked_by": "str", "blocked_says": "str", "defaults": "str",
}  # fmt: skip
SHARED = {"hours": "play_hours", "money": "play_money"}  # columns that both a candidate and a step have
KEYS = ("candidate_id", "customer_id", "play")


def list_candidates(ground: Ground) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every play for every customer it fits, and the steps of each.

    Returns
    -------
    candidates : pandas.DataFrame
        candidate_id, customer_id, play, purpose, occasion (str, what makes it the same action on another run), reason, reason_zh (str), chance (float64, part of the value that is in danger, or odds of coming back), value (float64, margin of a
        year at stake), gain (float64, expected), money, hours, work_cost, cost, net (float64, currency units; net is gain less cost), contacts (Int64, in the first seven days), hold_out (float64, share), blocked_by (str, empty when nothing
        forbids it), blocked_says (str), defaults (str, what was assumed).
    steps : pandas.DataFrame
        candidate_id, customer_id, play, step (Int64), due_on (datetime64, no Saturday or Sunday), week (Int64, 0 is the week after the as-of date), owner, role, channel, planned_channel (str, before consent was looked at), hours, money (float64),
        do_en, do_zh, script_en, script_zh.

    Notes
    -----
    Features F32, F33, F37, F38. What forbids is looked at in this order: consent, nobody, open ticket, complaint, touched, held out, cool-down, weekly cap, cost cap, guard.
    """
    made = [_play(p, ground) for p in ground.playbook.plays.values()]
    kept = [m for m in made if m is not None]
    if not kept:
        return pd.DataFrame(columns=list(CANDIDATES)).astype(CANDIDATES), pd.DataFrame(columns=list(STEPS)).astype(STEPS)
    candidates = pd.concat([c for c, _ in kept], ignore_index=True)[list(CANDIDATES)].astype(CANDIDATES)
    steps = pd.concat([s for _, s in kept], ignore_index=True)[list(STEPS)].astype(STEPS)
    return candidates.sort_values("candidate_id", ignore_index=True), steps.sort_values(["candidate_id", "step"], ignore_index=True)


def join_candidates(candidates: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Return candidates and steps as one table, a row per step; `split_candidates` takes it apart again."""
    return steps.merge(candidates.drop(columns=["customer_id", "play"]).rename(columns=SHARED), on="candidate_id", how="left")


def split_candidates(joined: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return candidates and steps from the table that `join_candidates` makes."""
    back = {v: k for k, v in SHARED.items()}
    first = joined.drop_duplicates("candidate_id")[[*KEYS, *(SHARED.get(c, c) for c in CANDIDATES if c not in KEYS)]]
    return first.rename(columns=back)[list(CANDIDATES)].astype(CANDIDATES).reset_index(drop=True), joined[list(STEPS)].astype(STEPS)


def _play(play: Play, ground: Ground) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    rows = find_eligible(play, ground)
    if rows.empty:
        return None
    ids = rows["customer_id"] + "|" + play.key
    steps = lay_out_steps(play, rows, ids, ground)
    money = np.sum([s["money"].to_numpy() for s in steps], axis=0) + ground.price.get(play.offer, (0.0, 0.0, False))[0]
    hours = np.sum([s["hours"].to_numpy() for s in steps], axis=0)
    work, (chance, gain) = hours * ground.price[HOUR][0], _gain(play, rows)
    contacts = sum(1 for s in steps if s["week"].iloc[0] == 0 and s["planned_channel"].iloc[0] != "internal")
    frame = pd.DataFrame({
        "candidate_id": ids, "customer_id": rows["customer_id"], "play": play.key, "purpose": play.purpose, "occasion": name_occasion(rows), "reason": say_why(rows, play, "en"), "reason_zh": say_why(rows, play, "zh"), "chance": chance,
        "value": rows["value_at_stake"], "gain": gain, "money": money, "hours": hours, "work_cost": work, "cost": money + work, "net": gain - money - work, "contacts": contacts, "hold_out": play.hold_out if ground.settings.hold_out else 0.0,
        "defaults": _defaults(play, rows, ground),
    })  # fmt: skip
    by, says = _blocked(play, rows, frame, steps, ground)
    return frame.assign(blocked_by=by, blocked_says=says), pd.concat(steps, ignore_index=True)


def _gain(play: Play, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Saved: the part of the value in danger times the share kept. Added: a share of what is expected. Won back: what the play adds to the odds of coming back."""
    if play.effect.returns:
        odds, worth = (rows[c].to_numpy("float64") for c in ("_odds", "_back"))
        return odds, np.minimum(odds * play.effect.returns, 1 - odds) * worth
    danger, value, expected = (rows[c].to_numpy("float64") for c in ("loss_share", "value_at_stake", "expected_value"))
    return danger, danger * play.effect.saves * value + play.effect.adds * expected


def _defaults(play: Play, rows: pd.DataFrame, ground: Ground) -> list[str]:
    """What was assumed and not known, so that nobody takes it for a fact."""
    used = sorted({s.cost_row for s in play.steps} | ({play.offer} if play.offer else set()) | ({HOUR} if any(s.role != AUTOMATIC for s in play.steps) else set()))
    assumed = [u for u in used if ground.price.get(u, (0.0, 0.0, False))[2]]
    common = ["staff"] if bool(ground.team["is_default"].any()) else []
    common += ["costs"] if assumed == used else [f"cost of {u}" for u in assumed]
    value = rows["value_basis"].where(rows["value_is_default"].fillna(True).astype("bool"), "")
    consent = [] if ground.consent_is_known else ["consent not known"]
    return ["; ".join([*common, *([v] if v else []), *consent]) for v in value]


def _blocked(play: Play, rows: pd.DataFrame, frame: pd.DataFrame, steps: list[pd.DataFrame], ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each candidate, the first rule that forbids it and what it says."""
    by, says = np.full(len(rows), "", dtype=object), np.full(len(rows), "", dtype=object)
    for rule, hit, words in (*_rules(play, rows, steps, ground), *_limits(play, rows, frame, ground)):
        free = hit & (by == "")
        by[free] = rule
        says[free] = words[free]
    return by, says


Verdict = tuple[str, np.ndarray, np.ndarray]


def _rules(play: Play, rows: pd.DataFrame, steps: list[pd.DataFrame], ground: Ground) -> list[Verdict]:
    """Rules about the customer: consent, trouble, what was sent, who is held out."""
    ids, count = rows["customer_id"], len(rows)
    silent = np.any([(s["channel"] == "").to_numpy() for s in steps], axis=0)
    nobody = np.any([s["owner"].isna().to_numpy() for s in steps], axis=0)
    told = [("consent", silent, _same("no channel that the customer has agreed to", count)), ("nobody", nobody, _same("nobody in the team has hours for it", count))]
    told += [(r, (rows[f"_says_{r}"] != "").to_numpy(), rows[f"_says_{r}"].to_numpy(dtype=object)) for r in BY_RULE if r not in play.exempt]
    held = ids.map(ground.held_out_of(play.key)).to_numpy(dtype=object)
    days = (pd.Timestamp(ground.as_of) - ground.last_treated(play.key).reindex(ids).reset_index(drop=True)).dt.days
    cool = np.array([f"last treated {d:.0f} day{'s' * (d != 1)} ago, cool-down {play.cooldown_days} days" for d in days], dtype=object)
    return [*told, ("held_out", pd.notna(held), held), ("cool_down", (days < play.cooldown_days).fillna(False).to_numpy(dtype=bool), cool)]


def _limits(play: Play, rows: pd.DataFrame, frame: pd.DataFrame, ground: Ground) -> list[Verdict]:
    """Limits of a play for one customer: contacts a week, its own cap, and the guard: it must be expected to bring more than it costs."""
    money, cost, gain, recent = frame["money"].to_numpy(), frame["cost"].to_numpy(), frame["gain"].to_numpy(), rows["_recent"].to_numpy()
    words = {
        "weekly_cap": [f"{r:.0f} contacts in the last seven days" for r in recent], "cost_cap": [f"costs {m:,.0f}, the cap is {play.cost_cap:,.0f}" for m in money],
        "guard": [f"costs {_amount(c)}, is expected to bring {_amount(g)}" for c, g in zip(cost, gain, strict=True)],
    }  # fmt: skip
    contacts = frame["contacts"].to_numpy("int64")
    full = (contacts > 0) & (recent + contacts > ground.settings.contacts_per_week)  # what is done within our own house is no contact
    hits = {"weekly_cap": full, "cost_cap": money > play.cost_cap, "guard": gain - cost <= ground.settings.min_net}
    guard = "offer_guard" if play.offer else "not_worth_it"
    return [(guard if r == "guard" else r, hits[r], np.array(words[r], dtype=object)) for r in hits]


def _same(words: str, count: int) -> np.ndarray:
    return np.full(count, words, dtype=object)


def _amount(amount: float) -> str:
    return f"{amount:,.2f}" if abs(amount) < 100 else f"{amount:,.0f}"
