"""Templates: what people fill in comes back row by row, the example never does."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.collection.headers import match_headers
from helpers.collection.template_text import anchors, content, template_headers, template_tables
from helpers.collection.templates import build_template, read_template
from helpers.errors import UserError
from helpers.tables import TABLES

BOTH = [(name, lang) for name in ("ratings", "signals", "staff", "costs", "contacts") for lang in ("en", "zh")]


def filled(tmp_path: Path, name: str, lang: str, rows: list[list[object]]) -> Path:
    book = openpyxl.load_workbook(io.BytesIO(build_template(name, lang)))
    for row in rows:
        book[name].append(row)
    book.save(tmp_path / "filled.xlsx")
    return tmp_path / "filled.xlsx"


@pytest.mark.parametrize(("name", "lang"), BOTH)
def test_same_bytes_every_time_and_every_header_finds_its_column(name: str, lang: str):
    assert build_template(name, lang) == build_template(name, lang)
    headers = template_headers(name, lang)
    assert list(headers) == [c.name for c in TABLES[name].columns]
    assert match_headers(list(headers.values()), name)["column"].tolist() == list(headers)


@pytest.mark.parametrize(("name", "lang"), BOTH)
def test_sheet_has_frozen_header_notes_marked_example_and_lists(name: str, lang: str):
    book = openpyxl.load_workbook(io.BytesIO(build_template(name, lang)))
    sheet = book[name]
    assert sheet.freeze_panes == "A2"
    assert all(cell.comment and cell.comment.text for cell in sheet[1])
    assert str(sheet["A2"].value).startswith({"en": "EXAMPLE ", "zh": "示例 "}[lang])
    assert sheet.max_row == 2
    allowed = {",".join(c.allowed) for c in TABLES[name].columns if c.allowed}
    listed = {rule.formula1.strip('"') for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert allowed <= listed


def test_anchors_say_every_score_in_both_languages():
    english, chinese = anchors("en"), anchors("zh")
    assert english[["criterion", "score"]].equals(chinese[["criterion", "score"]])
    assert (english.groupby("criterion")["score"].agg(list).map(lambda s: s == [1, 2, 3, 4, 5])).all()
    assert {"strategic_fit", "growth_potential", "stickiness", "influence", "trust", "perceived_value", "reference_value"} <= set(
        english["criterion"]
    )
    assert english["meaning"].str.len().gt(5).all()
    assert chinese["meaning"].str.contains(r"[\u4e00-\u9fff]").all()
    book = openpyxl.load_workbook(io.BytesIO(build_template("ratings", "zh")))
    assert book["评分说明"].max_row == len(chinese) + 1


def test_everything_is_said_in_both_languages():
    for name, said in content()["tables"].items():
        assert list(said["notes"]) == [c.name for c in TABLES[name].columns] == list(said["example"])
        for note in [said["about"], *said["notes"].values()]:
            assert set(note) == {"en", "zh"}
            assert all(note.values())


@pytest.mark.parametrize(("name", "lang"), BOTH)
def test_empty_template_gives_an_empty_raw_table(tmp_path: Path, name: str, lang: str):
    (tmp_path / "new.xlsx").write_bytes(build_template(name, lang))
    raw = read_template(tmp_path / "new.xlsx", name)
    assert raw.empty
    assert list(raw.columns) == ["read_from", "row", "problem", *(c.name for c in TABLES[name].columns)]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_rows_come_back_as_text_and_bad_scores_too(tmp_path: Path, lang: str):
    rows = [
        ["C-1", "trust", 4, "Ann", dt.datetime(2025, 6, 30), None],
        [None] * 6,
        ["C-2", "trust", 7, " Ben ", "30/06/2025", dt.date(2025, 12, 30)],
        [1001.0, "influence", 2.5, "Ann", None, None],
    ]
    raw = read_template(filled(tmp_path, "ratings", lang, rows), "ratings", source="mine")
    assert raw["row"].tolist() == [3, 5, 6]
    assert raw["score"].tolist() == ["4", "7", "2.5"]
    assert raw["customer_id"].tolist() == ["C-1", "C-2", "1001"]
    assert raw["rated_on"].fillna("").tolist() == ["2025-06-30", "30/06/2025", ""]
    assert raw["expires_on"].fillna("").tolist() == ["", "2025-12-30", ""]
    assert raw["rater"].tolist() == ["Ann", " Ben ", "Ann"]
    assert set(raw["read_from"]) == {"mine"}
    assert raw["problem"].isna().all()


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["call", "visit", "示例 a", "EXAMPLE b", None]), st.sampled_from([1, 2.5, "x", None])), max_size=8
    )
)
def test_every_row_but_examples_and_blanks_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object]]):
    file = filled(tmp_path_factory.mktemp("t"), "costs", "en", [[play, cost, None] for play, cost in rows])
    kept = [r for r in rows if any(v is not None for v in r) and not str(r[0]).startswith(("示例", "EXAMPLE"))]
    raw = read_template(file, "costs")
    assert raw["play"].fillna("").tolist() == [str(play or "") for play, _ in kept]


def test_title_row_extra_column_and_renamed_sheet_are_borne(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.append(["Our plays 2025"])
    book.active.append(["remark", "Play", "Cost"])
    book.active.append(["new", "call", 1.5])
    book.save(tmp_path / "own.xlsx")
    raw = read_template(tmp_path / "own.xlsx", "costs")
    assert raw[["row", "play", "unit_cost"]].values.tolist() == [[3, "call", "1.5"]]


@pytest.mark.parametrize(
    ("name", "said"),
    [("costs.txt", "is no Excel workbook"), ("gone.xlsx", "there is no file gone.xlsx"), ("other.xlsx", "no column is play")],
)
def test_wrong_files_are_one_sentence(tmp_path: Path, name: str, said: str):
    (tmp_path / "costs.txt").write_text("play,cost")
    (tmp_path / "other.xlsx").write_bytes(build_template("staff"))
    with pytest.raises(UserError, match=said):
        read_template(tmp_path / name, "costs")


def test_unknown_template_and_language_are_one_sentence():
    with pytest.raises(UserError, match="no template for 'orders': there are ratings, signals, staff, costs, contacts"):
        build_template("orders")
    with pytest.raises(UserError, match="choose en or zh"):
        build_template("staff", "fr")  # type: ignore[arg-type]
    assert len(template_tables()) == 5


def test_rows_that_are_known_already_stand_below_the_example(tmp_path: Path):
    rows = pd.DataFrame({"customer_id": ["K1"], "criterion": ["trust"], "score": [4], "rater": [None], "rated_on": [pd.Timestamp("2025-06-02")], "expires_on": [pd.NaT]}, dtype=object)
    (tmp_path / "r.xlsx").write_bytes(build_template("ratings", "zh", rows))
    raw = read_template(tmp_path / "r.xlsx", "ratings")
    assert raw.iloc[0].fillna("").tolist() == ["ratings", 3, "", "K1", "trust", "4", "", "2025-06-02", ""]
