"""Customer records: which are one customer, what a person decides, what remains after merging."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest

from helpers.cleaning.customers import list_missing_fields, mark_merged, mark_tests, merge_customers
from helpers.cleaning.duplicates import comparable_records, find_pairs, judge_pair
from helpers.cleaning.privacy import pseudonym, pseudonymise, pseudonymise_rows
from helpers.cleaning.profile360 import build_customer_360, summarise_freshness
from helpers.cleaning.review import build_customer_map, decide, read_decisions, review_queue
from helpers.cleaning.rows import mark_rows
from helpers.cleaning.settings_customers import DuplicatesSettings, PrivacySettings, TagsSettings
from helpers.cleaning.tags import assign_tags
from helpers.errors import UserError
from helpers.show.export import safe_csv

AS_OF = dt.date(2025, 6, 30)
DUPLICATES = DuplicatesSettings()
BLANK = {"email": None, "phone": None, "birthday": None, "region": None, "kind": None}


def make_customers(*records: dict[str, object]) -> pd.DataFrame:
    """Marked customers from a few fields each; ids K1, K2, ... unless given."""
    rows = [{"customer_id": f"K{n}", **r, "read_from": "crm", "row": n + 1, "problem": None} for n, r in enumerate(records, 1)]
    return mark_tests(mark_rows(pd.DataFrame(rows), "customers", as_of=AS_OF, hints={}), DUPLICATES)


def decided_of(marked: pd.DataFrame, decisions: pd.DataFrame | None = None) -> pd.DataFrame:
    return decide(find_pairs(comparable_records(marked, DUPLICATES), DUPLICATES), decisions, DUPLICATES)


def groups_of(marked: pd.DataFrame, decisions: pd.DataFrame | None = None) -> dict[str, str]:
    return build_customer_map(marked, decided_of(marked, decisions)).set_index("raw_id")["customer_id"].to_dict()


def said(*pairs: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(pairs), columns=["raw_id_a", "raw_id_b", "decision"]).assign(note="").astype("str")


MEI = {"name": "Mei Lin", "email": "mei@example.com", "phone": "13800138000", "created_on": "2024-01-01", "region": "South"}
MAY = {"name": "May Lynn", "email": None, "phone": "13800138000", "created_on": "2023-01-01", "region": "South"}
TOM = {"name": "Thomas Anders", "email": "tom@example.com", "created_on": "2024-03-01"}


def test_same_person_written_differently_is_one_customer():
    marked = make_customers(MEI, {**MEI, "name": "MEI  LIN", "email": "Mei@Example.COM", "phone": "+86 138-0013-8000", "created_on": "2024-05-01"}, TOM)
    assert groups_of(marked) == {"K1": "K1", "K2": "K1", "K3": "K3"}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"birthday": "b2"}, "other birthday"),
        ({"kind": "business"}, "other kind"),
        ({"key": "bo wang"}, "names"),
    ],
)
def test_contradiction_speaks_against_an_equal_telephone(other, why):
    first = {**BLANK, "key": "mei lin", "phone": "1", "birthday": "b1", "kind": "consumer"}
    confidence, words = judge_pair(first, {**first, **other})
    assert confidence < DUPLICATES.merge_at
    assert why in words


def test_branches_of_one_chain_are_kept_apart():
    branch = {"kind": "business", "created_on": "2024-01-01"}
    marked = make_customers({**branch, "name": "Blue Cafe Nanshan"}, {**branch, "name": "Blue Cafe Futian"})
    assert set(groups_of(marked).values()) == {"K1", "K2"}


def test_switchboard_number_alone_merges_nobody():
    names = ["Anna Weber", "Bo Wang", "Carl Diaz", "Dina Roy", "Emil Koch"]
    marked = make_customers(*[{"name": n, "phone": "075588880000", "created_on": "2024-01-01"} for n in names])
    assert len(set(groups_of(marked).values())) == 5


def test_earliest_record_gives_the_id_and_pairs_do_not_depend_on_row_order():
    marked = make_customers(MEI, {**MEI, "created_on": "2020-01-01"}, TOM)
    assert groups_of(marked)["K1"] == "K2"
    mixed = marked.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(decided_of(mixed), decided_of(marked))


def test_a_person_decides_before_the_confidence():
    marked = make_customers(MEI, {**MEI, "created_on": "2024-02-01"}, TOM)
    assert groups_of(marked, said(("K1", "K2", "different"))) == {"K1": "K1", "K2": "K2", "K3": "K3"}
    assert groups_of(marked, said(("K1", "K3", "same")))["K3"] == "K1"  # the comparison never proposed this pair


def test_pair_kept_apart_undoes_a_chain_that_would_join_it():
    marked = make_customers(MEI, {**MEI, "created_on": "2024-02-01"}, TOM)
    found = groups_of(marked, said(("K1", "K3", "different"), ("K2", "K3", "same")))
    assert len(set(found.values())) == 3


def test_decision_about_unknown_records_is_no_fault():
    assert groups_of(make_customers(MEI), said(("K1", "X9", "same"))) == {"K1": "K1"}


def test_review_file_round_trip(tmp_path):
    marked = make_customers(MEI, {**MAY, "name": "=May Lynn"}, TOM)
    queue = review_queue(decided_of(marked), marked)
    assert queue[["raw_id_a", "raw_id_b"]].values.tolist() == [["K1", "K2"]]
    file = tmp_path / "duplicates.csv"
    file.write_bytes(safe_csv(queue))
    assert "'=May Lynn" in file.read_text(encoding="utf-8-sig")  # a spreadsheet runs no formula from a name
    assert read_decisions(file).empty  # nobody decided yet
    file.write_bytes(safe_csv(queue.assign(decision=" Same ")))
    decisions = read_decisions(file)
    assert decisions[["raw_id_a", "raw_id_b", "decision"]].values.tolist() == [["K1", "K2", "same"]]
    assert groups_of(marked, decisions)["K1"] == "K2"
    again = review_queue(decided_of(marked, decisions), marked)
    assert again["decision"].tolist() == ["same"]  # what was decided stays in the file


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("decision,raw_id_a,raw_id_b\nsame,a,b\ndifferent,b,a\n", "decided both ways"),
        ("decision,raw_id_a,raw_id_b\nmaybe,a,b\n", "line 2: decision 'maybe' must be same, different or empty"),
        ("raw_id_a,raw_id_b\na,b\n", "lacks the column decision"),
    ],
)
def test_review_file_with_a_mistake_is_one_sentence(tmp_path, text, says):
    file = tmp_path / "duplicates.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=says):
        read_decisions(file)


def test_review_file_in_another_encoding_is_one_sentence(tmp_path):
    file = tmp_path / "duplicates.csv"
    file.write_bytes("decision,raw_id_a,raw_id_b\nsame,客户,b\n".encode("gbk"))
    with pytest.raises(UserError, match="is not UTF-8"):
        read_decisions(file)


@pytest.mark.parametrize("who", [{"name": "TEST account"}, {"name": "测试客户"}, {"name": "Ann", "email": "testing@example.com"}, {"name": "xxx"}])
def test_test_accounts_are_set_aside_and_masked(who):
    marked = make_customers(who, {"name": "Testa Contest"})
    assert marked["fate"].tolist() == ["set_aside", "kept"]
    assert marked.loc[0, ["reason", "value"]].tolist() == ["test account", "(contact data)"]


def test_merged_customer_has_the_latest_known_value_and_the_earliest_day():
    marked = make_customers({**MEI, "consent_email": "no", "industry": "food"}, {**MEI, "created_on": "2024-06-01", "consent_email": "yes", "region": "North"})
    known = build_customer_map(marked, decided_of(marked, said(("K1", "K2", "same"))))
    merged = mark_merged(marked, known)
    assert merged["fate"].tolist() == ["kept", "merged"]
    customer = merge_customers(merged, known).iloc[0]
    assert customer[["customer_id", "region", "industry", "created_on"]].tolist() == ["K1", "North", "food", pd.Timestamp("2024-01-01")]
    assert not customer["consent_email"]  # withdrawn in one record is withdrawn


def test_missing_fields_are_listed_per_owner():
    frame = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "owner_id": ["s1", None],
            "industry": [None, "x"],
            "region": "r",
            "size": "s",
            "source": "w",
            "kind": "k",
            "created_on": "d",
        }
    )
    assert list_missing_fields(frame)[["owner_id", "field", "customers", "missing", "share"]].values.tolist() == [["s1", "industry", 1, 1, 1.0]]


ORDERS = pd.DataFrame(
    {"customer_id": ["a", "a", "b"], "order_date": pd.to_datetime(["2025-06-01", "2025-06-20", "2024-12-30"]), "net_amount": [10.1, 0.2, 500.0]}
)
TICKETS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "c", "b", "b"],
        "opened_at": pd.to_datetime(["2025-06-29 23:00", "2025-01-01", "2025-06-30", "2024-06-30", "2025-01-01"], format="ISO8601"),
        "is_complaint": [True, True, False, True, True],
    }
)


def test_one_row_per_customer_with_ages_and_no_column_for_what_is_not_measured():
    profile = build_customer_360(ORDERS, {"tickets": TICKETS, "surveys": None}, as_of=AS_OF).set_index("customer_id")
    assert profile["orders_count"].to_dict() == {"a": 2, "b": 1, "c": 0}
    assert profile["orders_net"].fillna(-1).to_dict() == {"a": 10.3, "b": 500.0, "c": -1.0}
    assert profile.loc[["a", "b"], "orders_age_days"].tolist() == [10, 182]
    assert profile["tickets_age_days"].tolist() == [1, 180, 0]
    assert profile["blocks_known"].tolist() == [2, 2, 1]
    assert profile["blocks_measured"].tolist() == [2, 2, 2]
    assert not [c for c in profile if c.startswith("surveys")]
    fresh = summarise_freshness(profile.reset_index()).set_index("block")
    assert fresh.loc["orders", ["customers", "median_age_days", "oldest_age_days"]].tolist() == [2, 96.0, 182.0]


def test_tags_have_rule_day_expiry_and_reason():
    profile = build_customer_360(ORDERS, {"tickets": TICKETS}, as_of=AS_OF)
    tags = assign_tags(profile, TICKETS, as_of=AS_OF, settings=TagsSettings(expire_after_days=10))
    # b: 500 is in the top fifth, last order exactly six months ago; b's complaint of 2024-06-30 is a year old and does not count
    assert tags[["customer_id", "tag"]].values.tolist() == [["a", "complaint_risk"], ["b", "high_value"], ["b", "silent"]]
    assert tags["expires_on"].eq(pd.Timestamp("2025-07-10")).all()
    assert tags["because"].tolist()[0] == "2 complaints within a year"
    assert "complaint_risk" not in set(assign_tags(profile, None, as_of=AS_OF, settings=TagsSettings())["tag"])


def test_codes_are_stable_and_depend_on_the_key():
    ids = pd.Series(["a", None, "a", "b"], dtype="str")
    codes = pseudonymise(ids, settings=PrivacySettings())
    assert codes[0] == codes[2] == pseudonym("a", "crmkit") != codes[3]
    assert pd.isna(codes[1])
    assert pseudonymise(ids, settings=PrivacySettings(key="ours"))[0] != codes[0]
    pd.testing.assert_series_equal(pseudonymise(ids, settings=PrivacySettings(pseudonymise=False)), ids)


def test_two_ids_with_one_code_are_an_error(monkeypatch):
    monkeypatch.setattr("helpers.cleaning.privacy.pseudonym", lambda i, key: "C-0")
    with pytest.raises(UserError, match="set another CRMKIT_PSEUDONYM_KEY"):
        pseudonymise(pd.Series(["a", "b"]), settings=PrivacySettings())


def test_contact_data_leaves_only_when_asked_for():
    marked = make_customers(MEI)
    merged = merge_customers(marked, build_customer_map(marked, decided_of(marked)))
    hidden = pseudonymise_rows(merged, "customers", customer_map=None, settings=PrivacySettings())
    assert not {"name", "email", "phone", "birthday"} & set(hidden.columns)
    assert "Mei" not in json.dumps(hidden.astype(str).to_dict("records"))
    shown = pseudonymise_rows(merged, "customers", customer_map=None, settings=PrivacySettings(show_contacts=True))
    assert shown["name"].tolist() == ["Mei Lin"]
