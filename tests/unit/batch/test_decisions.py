"""What people decide about duplicates is kept: no run writes the file they share, and what they enter in a run's folder stays."""

from __future__ import annotations

import pandas as pd
import pytest
from batch_project import PROFILE

from helpers.cleaning.review import decide, review_queue
from helpers.cleaning.settings_customers import DuplicatesSettings
from helpers.errors import UserError
from helpers.runs.main_job import write_review
from helpers.runs.run import Run

SHARED = "decision,raw_id_a,raw_id_b,note\nsame,K0,K1,\"phoned, one person\"\n"


@pytest.fixture
def shop(project):
    """A shop in which four companies have one telephone, and people keep a file of decisions for all runs."""
    people = pd.read_csv(project / "data" / "shop" / "people.csv")
    people["name"] = [("Ann Lee", "Bob Ross", "Cem Kaya", "Dan Wood")[n] if n < 4 else f"Person {chr(65 + n % 26) * 5}" for n in range(len(people))]
    people["phone"] = ["+49 30 1234567" if n < 4 else f"+49 30 77{n:05d}" for n in range(len(people))]
    people.loc[:3, ["region", "kind"]] = ["North", "business"]  # companies with one telephone and other names: a person must say
    people.to_csv(project / "data" / "shop" / "people.csv", index=False)
    told = PROFILE.replace("kind: kind}", "kind: kind, name: name, phone: phone}").replace("folder: ../shop", "folder: ../shop\ndecisions: decided.csv")
    (project / "data" / "profiles" / "shop.yml").write_text(told, encoding="utf-8")
    (project / "data" / "shop" / "decided.csv").write_text(SHARED, encoding="utf-8")
    return project


def opened(shop, name, as_of=""):
    run = Run.open("shop", as_of, out=shop / "outputs" / name)
    run.claim_folder()
    return run


def queue(run):
    return pd.read_csv(run.review_file, dtype="str", keep_default_na=False)


def enter(run, row, **values):
    """A person fills in a row of a run's review file and saves it."""
    rows = queue(run)
    for column, value in values.items():
        rows.loc[row, column] = value
    rows.to_csv(run.review_file, index=False, encoding="utf-8-sig")
    return tuple(rows.loc[row, ["raw_id_a", "raw_id_b"]])


def test_runs_write_their_own_review_file_and_never_the_one_of_all_runs(shop):
    for name, day in (("new", ""), ("old", "2024-12-31")):
        run = opened(shop, name, day)
        write_review(run)
        pairs = set(queue(run)[["raw_id_a", "raw_id_b"]].itertuples(index=False, name=None))
        assert len(pairs) >= 3 and ("K0", "K1") not in pairs  # what is decided for all runs stands in their file only
    assert (shop / "data" / "shop" / "decided.csv").read_text(encoding="utf-8") == SHARED
    mapped = opened(shop, "new").load("customer_map").set_index("raw_id")["customer_id"]
    assert mapped["K0"] == mapped["K1"]


def test_what_a_person_enters_in_a_run_is_obeyed_there_and_stays_with_its_note(shop):
    run = opened(shop, "new")
    write_review(run)
    pair = enter(run, 1, decision="Same", note="=asked Mrs Li")
    other = enter(run, 0, note="ask Peter")
    again = opened(shop, "new")
    mapped = again.load("customer_map").set_index("raw_id")["customer_id"]
    assert mapped[pair[0]] == mapped[pair[1]]
    late = enter(again, 2, decision="different", note="two sisters")  # saved while the run is at work
    write_review(again)
    first = again.review_file.read_bytes()
    kept = queue(again).set_index(["raw_id_a", "raw_id_b"])
    assert kept.loc[[pair, late, other], ["decision", "note"]].values.tolist() == [["same", "'=asked Mrs Li"], ["different", "two sisters"], ["", "ask Peter"]]
    assert kept.loc[pair, "name_a"] and not kept.index.has_duplicates
    write_review(opened(shop, "new"))
    assert again.review_file.read_bytes() == first


def test_a_note_does_not_make_a_finished_run_count_as_changed(shop):
    key = opened(shop, "new").cache.key("duplicate_pairs_identified")
    file = shop / "data" / "shop" / "decided.csv"
    file.write_text(SHARED.replace("phoned, one person", "phoned again"), encoding="utf-8")
    assert opened(shop, "new").cache.key("duplicate_pairs_identified") == key
    file.write_text(SHARED.replace("same", "different"), encoding="utf-8")
    assert opened(shop, "new").cache.key("duplicate_pairs_identified") != key


def test_two_files_that_disagree_are_one_sentence_and_a_pair_moved_to_the_shared_file_is_no_conflict(shop):
    run = opened(shop, "new")
    write_review(run)
    pair = enter(run, 0, decision="same")
    file = shop / "data" / "shop" / "decided.csv"
    file.write_text(SHARED + f"same,{pair[0]},{pair[1]},\n", encoding="utf-8")
    write_review(opened(shop, "new"))
    assert pair not in set(queue(run)[["raw_id_a", "raw_id_b"]].itertuples(index=False, name=None))
    run.review_file.write_text(f"decision,raw_id_a,raw_id_b\ndifferent,{pair[1]},{pair[0]}\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"decided.csv and review/duplicates.csv of run new disagree about the pair {pair[0]} and {pair[1]}: correct one"):
        opened(shop, "new")


def test_notes_go_along_from_decisions_to_the_queue():
    pairs = pd.DataFrame({"raw_id_a": ["a"], "raw_id_b": ["b"], "confidence": [0.8], "why": ["name"]})
    said = pd.DataFrame({"raw_id_a": ["a"], "raw_id_b": ["b"], "decision": ["different"], "note": ["phoned Mrs Li"]})
    rows = review_queue(decide(pairs, said, DuplicatesSettings()), pd.DataFrame({"customer_id": ["a", "b"], "name": ["A", "B"]}))
    assert rows["note"].tolist() == ["phoned Mrs Li"]
