"""What the CRM holds: the true customers once, some of them again under a variant, and people who only look alike."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from opencc import OpenCC

from helpers.collection.demo.names import CHAINS
from helpers.collection.demo.plan import Plan, pick, stream

DOUBLES = {  # variant: (consumers, businesses) recorded again in this way
    "same e-mail, other case": (12, 0),
    "same phone, other format": (12, 0),
    "typing error, same e-mail": (7, 6),
    "traditional characters, same phone": (6, 7),
    "spaces in the name, same phone": (5, 3),
    "same name and birthday, new phone and e-mail": (5, 0),
    "other legal form, same phone": (0, 11),
    "full-width name, nothing else": (0, 4),
    "English name, same phone": (0, 2),
}
AGAIN = 4  # customers who are in the CRM three times


def confuse(people: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people among whom some look alike, and the list of pairs that a matcher must keep apart.

    Returns
    -------
    people : pandas.DataFrame
        A copy in which five pairs share a name, three pairs a family phone, and two chains a head-office phone.
    different : pandas.DataFrame
        `a`, `b` (rows in people), `why`.
    """
    rng, people = stream(seed, "confuse"), people.copy()
    consumers = rng.permutation(people.index[(people["kind"] == "consumer") & ~people["prospect"]])[:16].tolist()
    pairs = [(consumers[k], consumers[k + 1], "same name") for k in range(0, 10, 2)]
    pairs += [(consumers[k], consumers[k + 1], "family phone") for k in range(10, 16, 2)]
    for a, b, why in pairs:
        shared = ["name", "latin", "region", "city"] if why == "same name" else ["phone", "region", "city"]
        people.loc[b, shared] = people.loc[a, shared].to_numpy()
    for n in range(len(CHAINS)):
        shops = people.index[people["latin"] == f"chain{n}"]
        if n in {0, 2}:
            people.loc[shops, "phone"] = people.loc[shops[0], "phone"]
        pairs += [(a, b, "shops of one chain") for k, a in enumerate(shops) for b in shops[k + 1 :]]
    return people, pd.DataFrame([*pairs, *_same_by_chance(people, pairs)], columns=["a", "b", "why"])


def _same_by_chance(people: pd.DataFrame, known: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    seen = {frozenset(p[:2]) for p in known}
    groups = people.groupby("name").groups.values()
    pairs = [(int(g[0]), int(b), "same name by chance") for g in groups for b in g[1:] if frozenset((g[0], b)) not in seen]
    brands = people[people["kind"].eq("business") & people["name"].str.endswith("有限公司")]
    for group in brands.groupby(brands["name"].str.slice(0, 4)).groups.values():
        pairs += [(int(group[0]), int(b), "same brand, other trade") for b in group[1:]]
    return pairs


def make_records(people: pd.DataFrame, different: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return one row per CRM record, in the order of creation.

    Returns
    -------
    pandas.DataFrame
        `raw_id`, `true_id` (the id of the customer's first record), `person` (row in people), `variant` (null for the
        first record), `created` (day) and the customer facts, still clean.
    """
    rng = stream(seed, "records")
    first = people.assign(person=people.index, variant=None).to_dict("records")
    for record in first:
        _consents(record, rng)
    free = people.index.difference(pd.Index(different[["a", "b"]].to_numpy().ravel()))
    every = pd.DataFrame([*first, *_doubles(people, first, free, plan, rng)])
    _lose_contacts(every, rng)
    every = every.sort_values(["created", "person"], kind="stable", ignore_index=True)
    every["raw_id"] = [f"K{10_001 + n}" for n in every.index]
    own = every[every["variant"].isna()].set_index("person")["raw_id"]
    every["true_id"] = every["person"].map(own)
    every["referred_by"] = _referrals(every, rng)
    return every


def _consents(record: dict[str, Any], rng: np.random.Generator) -> None:
    record.update(consent_email=rng.random() < 0.72, consent_phone=rng.random() < 0.45, consent_post=rng.random() < 0.30)


def _doubles(
    people: pd.DataFrame, first: list[dict[str, Any]], free: pd.Index, plan: Plan, rng: np.random.Generator
) -> list[dict[str, Any]]:
    able = people.loc[free].query("~prospect and start < 780")
    queues = {k: rng.permutation(able.index[able["kind"] == k]).tolist() for k in ("consumer", "business")}
    doubles: list[dict[str, Any]] = []
    for variant, counts in DOUBLES.items():
        for kind, count in zip(queues, counts, strict=True):
            fitting = [n for n in queues[kind] if _fits(people.loc[n], variant)][:count]
            queues[kind] = [n for n in queues[kind] if n not in fitting]
            doubles += [_double(first[n], variant, plan, rng) for n in fitting]
    mailed = [d for d in doubles if d["variant"] == "same e-mail, other case"][:AGAIN]
    doubles += [_double(first[d["person"]], "same phone, other format", plan, rng) for d in mailed]
    return doubles


def _fits(person: pd.Series, variant: str) -> bool:
    chinese = not str(person["name"]).replace("é", "e").isascii()
    if variant.startswith("traditional"):
        return chinese and _traditional(person["name"]) != person["name"]
    if variant.startswith("full-width") or variant.startswith("spaces"):
        return variant.startswith("spaces") or not chinese
    return chinese or not variant.startswith("English")


def _double(record: dict[str, Any], variant: str, plan: Plan, rng: np.random.Generator) -> dict[str, Any]:
    latest = plan.day(plan.as_of) - 5
    day = record["start"] + 10 + int(rng.random() * max(1, min(300, latest - record["start"] - 10)))
    changed = {
        **record,
        "variant": variant,
        "created": min(day, latest),
        "source": None,
        "owner_id": record["owner_id"],
        **_vary(record, variant, rng),
    }
    _consents(changed, rng)
    return changed


def _vary(record: dict[str, Any], variant: str, rng: np.random.Generator) -> dict[str, Any]:
    """Return what the second record says differently."""
    name, shouted = record["name"], str(record["email"]).upper()
    changes: dict[str, dict[str, Any]] = {
        "same e-mail, other case": {"email": shouted, "birthday": pd.NaT},
        "same phone, other format": {"email": None, "birthday": pd.NaT},
        "typing error, same e-mail": {"name": _mistype(name, rng), "email": str(record["email"]).capitalize(), "phone": None},
        "traditional characters, same phone": {"name": _traditional(name), "email": None, "birthday": pd.NaT},
        "spaces in the name, same phone": {"name": _spaced(name), "email": None},
        "same name and birthday, new phone and e-mail": {"email": f"x.{record['email']}", "phone": None},
        "other legal form, same phone": {"name": _other_form(name), "email": None, "anniversary": pd.NaT},
        "full-width name, nothing else": {"name": wide(name), "email": None, "phone": None},
        "English name, same phone": {
            "name": f"{record['latin'].split('-')[-1].title()} {str(record['industry']).title()} Company",
            "email": None,
        },
    }
    return changes[variant]


@cache
def _traditional(name: str) -> str:
    return _converter().convert(name)


@cache
def _converter() -> OpenCC:
    return OpenCC("s2t")  # reading its dictionaries takes a fifth of a second


def _mistype(name: str, rng: np.random.Generator) -> str:
    spot = 1 + int(rng.random() * (len(name) - 2)) if len(name) > 3 else len(name) - 1
    return name[:spot] + name[spot + 1 :] if len(name) > 3 else name[:spot] + pick(rng, "微伟玮韦")


def _spaced(name: str) -> str:
    return (
        " ".join(name) if len(name) <= 4 else f" {name.replace(' ', '  ')} " if name.isascii() else f"{name[:2]} {name[2:-4]} {name[-4:]}"
    )


def _other_form(name: str) -> str:
    if name.endswith("有限公司"):
        return f"{name[:2]}市{name[2:-4]}有限责任公司"
    for form, other in ((" Co., Ltd.", " Limited"), (" Co. Ltd", ""), (" Limited", " Co., Ltd."), (" Ltd", " Company Limited")):
        if name.endswith(form):
            return name.removesuffix(form) + other
    return name.upper()


def wide(text: str) -> str:
    """Return text with full-width letters, digits and blanks, as Chinese input methods produce them.

    Examples
    --------
    >>> wide("K10") == "\uff2b\uff11\uff10"
    True
    """
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _lose_contacts(records: pd.DataFrame, rng: np.random.Generator) -> None:
    """Blank some contact data, but never what a planted double is recognised by."""
    once = ~records["person"].duplicated(keep=False)
    for column, share in (("email", 0.07), ("phone", 0.10), ("birthday", 0.45)):
        records[column] = records[column].mask(once & (rng.random(len(records)) < share))


def _referrals(records: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Return who recommended the customer: an earlier customer of the same kind, for those who came through a friend."""
    friends = (records["source"] == "friend") & (rng.random(len(records)) < 0.6)
    spots = [int(rng.random() * n) for n in range(len(records))]
    return pd.Series(records["true_id"].to_numpy()[spots], index=records.index).where(friends & (records.index > 30))


def file_under(records: pd.DataFrame, persons: pd.Series, days: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Return under which record each thing a person did was filed: one that existed on that day, at random."""
    known: dict[int, list[tuple[int, str]]] = {}
    for person, created, raw_id in zip(records["person"], records["created"], records["raw_id"], strict=True):
        known.setdefault(person, []).append((created, raw_id))
    draws = rng.random(len(persons))
    chosen = []
    for person, day, draw in zip(persons, days, draws, strict=True):
        options = [raw for created, raw in known[person] if created <= day] or [known[person][0][1]]
        chosen.append(options[int(draw * len(options))])
    return pd.Series(chosen, index=persons.index, dtype="str")
