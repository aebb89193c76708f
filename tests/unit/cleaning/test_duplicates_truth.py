"""Duplicates on the made-up company, judged by the truth that was planted in it."""

from itertools import combinations

import pandas as pd
import pytest

from helpers.cleaning.duplicates import find_pairs, judge_pair
from helpers.cleaning.review import build_customer_map, decide, read_decisions
from helpers.cleaning.settings_customers import DuplicatesSettings
from helpers.errors import UserError
from helpers.runs import Run
from helpers.runs.paths import project_root

TRUTH = project_root() / "data" / "demo" / "truth"
BLANK = {"email": None, "phone": None, "birthday": None, "region": None, "kind": None}
SETTINGS = DuplicatesSettings()


def pairs_of(frame: pd.DataFrame, member: str, group: str) -> set[tuple[str, str]]:
    return {pair for _, ids in frame.groupby(group)[member] for pair in combinations(sorted(ids), 2)}


@pytest.fixture(scope="module")
def merged(tmp_path_factory) -> set[tuple[str, str]]:
    run = Run.open("demo", out=tmp_path_factory.mktemp("demo"))
    return pairs_of(run.load("customer_map"), "raw_id", "customer_id")


def test_merging_is_right_98_times_in_100_and_finds_90_of_100(merged):
    planted = pairs_of(pd.read_csv(TRUTH / "same_customer.csv", dtype="str"), "raw_id", "true_customer")
    right = len(merged & planted)
    assert right / len(merged) >= 0.98
    assert right / len(planted) >= 0.90


def test_confusable_customers_are_never_merged(merged):
    different = pd.read_csv(TRUTH / "different_customers.csv", dtype="str").iloc[:, :2]
    assert len(different) >= 10
    assert not {tuple(sorted(pair)) for pair in different.itertuples(index=False)} & merged


def person(key: str, **facts) -> dict:
    return {**BLANK, "key": key, **facts}


@pytest.mark.parametrize(
    ("a", "b", "at_least", "below"),
    [
        (person("mei lin", email="m@x.cn"), person("mei lin", email="m@x.cn"), 0.9, 1.0),
        (person("mei lin", phone="+861"), person("mei lln", phone="+861"), 0.9, 1.0),
        (person("mei lin", phone="+861"), person("jun lin", phone="+861"), 0.4, 0.9),  # a family shares a telephone
        (person("wei zhang", region="East"), person("wei zhang", region="East"), 0.6, 0.9),  # a common name proves nothing
        (person("wei zhang", birthday=1), person("wei zhang", birthday=2), 0.0, 0.6),
        (person("blue cafe nanshan", kind="business"), person("blue cafe futian", kind="business"), 0.0, 0.6),
        (person("blue cafe", kind="business", region="East"), person("blue cafe", kind="business", region="East"), 0.9, 1.0),
        (person("blue cafe", kind="business", phone="+861"), person("blue cafe", kind="consumer", phone="+861"), 0.6, 0.9),
    ],
)
def test_confidence_follows_the_evidence(a, b, at_least, below):
    confidence, why = judge_pair(a, b)
    assert at_least <= confidence < below, why
    assert judge_pair(b, a)[0] == confidence


def test_pairs_do_not_depend_on_the_order_of_records():
    records = pd.DataFrame([{"raw_id": f"K{n}", **person(f"mei lin {n // 2}", email=f"m{n // 2}@x.cn")} for n in range(12)])
    shuffled = records.sample(frac=1, random_state=3).reset_index(drop=True)
    unordered = lambda f: {(frozenset((a, b)), c) for a, b, c in f[["raw_id_a", "raw_id_b", "confidence"]].itertuples(index=False)}  # noqa: E731
    assert unordered(find_pairs(records, SETTINGS)) == unordered(find_pairs(shuffled, SETTINGS))


def customers(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ids, "created_on": pd.date_range("2024-01-01", periods=len(ids)), "fate": "kept"})


def pairs(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(*r, "same name") for r in rows], columns=["raw_id_a", "raw_id_b", "confidence", "why"])


def test_a_persons_word_counts_before_the_confidence():
    said = pd.DataFrame({"raw_id_a": ["A", "C"], "raw_id_b": ["B", "D"], "decision": ["different", "same"], "note": ["", ""]})
    decided = decide(pairs(("A", "B", 0.99), ("C", "D", 0.65)), said, SETTINGS)
    assert decided["action"].tolist() == ["keep apart", "merge"]


def test_the_earliest_record_gives_the_group_its_id():
    known = customers("B", "A", "C")
    mapped = build_customer_map(known, decide(pairs(("A", "B", 0.95), ("A", "C", 0.95)), None, SETTINGS)).set_index("raw_id")
    assert mapped["customer_id"].to_dict() == {"A": "B", "B": "B", "C": "B"}


def test_a_chain_that_would_join_what_a_person_keeps_apart_is_not_merged():
    said = pd.DataFrame({"raw_id_a": ["A"], "raw_id_b": ["C"], "decision": ["different"], "note": [""]})
    decided = decide(pairs(("A", "B", 0.95), ("B", "C", 0.95)), said, SETTINGS)
    mapped = build_customer_map(customers("A", "B", "C"), decided)
    assert (mapped["raw_id"] == mapped["customer_id"]).all()


def test_decisions_are_read_back_and_mistakes_are_named(tmp_path):
    file = tmp_path / "duplicates.csv"
    file.write_text("decision,raw_id_a,raw_id_b,note\nSame,B,A,checked\n,C,D,\n", encoding="utf-8-sig")
    assert read_decisions(file)[["raw_id_a", "raw_id_b", "decision"]].values.tolist() == [["A", "B", "same"]]
    file.write_text("decision,raw_id_a,raw_id_b\nmaybe,A,B\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 2: decision 'maybe' must be same, different or empty"):
        read_decisions(file)
    file.write_text("decision,raw_id_a,raw_id_b\nsame,A,B\ndifferent,B,A\n", encoding="utf-8")
    with pytest.raises(UserError, match="decided both ways"):
        read_decisions(file)


def test_the_next_run_obeys_the_review_file(tmp_path, monkeypatch):
    run = Run.open("demo", out=tmp_path / "run")
    sure = run.load("duplicate_pairs_identified").query("action == 'merge'").iloc[0]
    (tmp_path / "run" / "review").mkdir(parents=True)
    (tmp_path / "run" / ".crmkit-run").write_text("", encoding="utf-8")
    line = f"decision,raw_id_a,raw_id_b,note\ndifferent,{sure['raw_id_a']},{sure['raw_id_b']},two sisters\n"
    (tmp_path / "run" / "review" / "duplicates.csv").write_text(line, encoding="utf-8-sig")
    mapped = Run.open("demo", out=tmp_path / "run").load("customer_map").set_index("raw_id")["customer_id"]
    assert mapped[sure["raw_id_a"]] != mapped[sure["raw_id_b"]]
