"""`crmkit schemes`: what it prints, and with which exit code it ends."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from helpers.cli import app
from helpers.errors import UserError
from helpers.runs import schemelint
from helpers.runs.schemefiles import read_scheme_file, read_scheme_files, scheme_folder

MINE = """
scheme: mine
title: {en: Mine, zh: 我的}
about: for a test
codes: [order_count]
tiers:
  - {key: often, label: {en: Often, zh: 常客}, who: {en: x, zh: 某}, objective: {en: x, zh: 某}}
  - {key: rest, label: {en: Rest, zh: 其余}, who: {en: x, zh: 某}, objective: {en: x, zh: 某}}
rules:
  - {tier: often, when: "order_count >= 5"}
fallback: {tier: rest}
"""


def call(*words: str):
    return CliRunner().invoke(app, ["schemes", *words])


def test_list_names_all_schemes_in_two_languages_and_whose_they_are():
    told = call("list")
    assert told.exit_code == 0
    assert all(f"{name}: " in told.output for name in read_scheme_files())
    assert "Eleven tiers from champions to lost (十一类客户分层)" in told.output and "lapsing_best" in told.output and "practitioner guide" in told.output


def test_lint_of_the_shipped_schemes_ends_well():
    told = call("lint")
    assert told.exit_code == 0 and "fault" not in told.output and told.output.count("priority inversions") == 9


def test_lint_of_a_scheme_with_holes_ends_with_one_and_names_them():
    told = call("lint", str(scheme_folder() / "public" / "r_rfm_readme.yml"))
    assert told.exit_code == 1 and "215, 241, 251, 252, 341, 351, 441, 451, 541, 551" in told.output


def test_lint_of_a_file_of_ones_own(tmp_path):
    mine = tmp_path / "mine.yml"
    mine.write_text(MINE, encoding="utf-8")
    told = call("lint", str(mine))
    assert told.exit_code == 1 and "0, 4" in told.output  # the holes: fewer than five orders
    mine.write_text(MINE.replace("fallback:", '  - {tier: rest, when: "order_count < 5"}\nfallback:'), encoding="utf-8")
    assert call("lint", str(mine)).exit_code == 0


@pytest.mark.parametrize(("text", "says"), [
    (MINE.replace("order_count >= 5", "order_count >= "), "scheme mine, rule 1"), (MINE.replace("about:", "abuot:"), "mine.yml: about is missing"),
    (MINE.replace("order_count >= 5", "turnover >= 5"), "column 'turnover', which nobody knows"), ("scheme: [", "mine.yml cannot be read as YAML"), ("", "mine.yml holds no scheme"),
    ("!!python/object/apply:os.getpid []", "mine.yml cannot be read as YAML"),
])  # fmt: skip
def test_a_broken_file_is_told_in_a_sentence(tmp_path, text, says):
    (tmp_path / "mine.yml").write_text(text, encoding="utf-8")
    told = call("lint", str(tmp_path / "mine.yml"))
    assert isinstance(told.exception, UserError) and says in str(told.exception) and "\n" not in str(told.exception)


def test_a_missing_file_a_folder_and_a_file_that_is_no_text(tmp_path):
    with pytest.raises(UserError, match="there is no scheme file none.yml: data/schemes holds champions11.yml"):
        read_scheme_file(tmp_path / "none.yml")
    with pytest.raises(UserError, match="name a scheme file"):
        read_scheme_file(tmp_path)
    (tmp_path / "gbk.yml").write_bytes("scheme: 客户".encode("gbk"))
    with pytest.raises(UserError, match="gbk.yml cannot be read as YAML"):
        read_scheme_file(tmp_path / "gbk.yml")


def test_file_and_scheme_have_one_name(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.runs.schemefiles.scheme_folder", lambda: tmp_path)
    (tmp_path / "yours.yml").write_text(MINE, encoding="utf-8")
    with pytest.raises(UserError, match="yours.yml must begin with scheme: yours, not 'mine'"):
        read_scheme_files()
    (tmp_path / "yours.yml").rename(tmp_path / "mine.yml")
    assert list(read_scheme_files()) == ["mine"]
    assert schemelint.lint_files([])["scheme"].unique().tolist() == ["mine"]


def test_crosswalk_of_a_name_that_does_not_exist():
    told = call("crosswalk", "rfm4", "rfm5")
    assert isinstance(told.exception, UserError)
    assert str(told.exception).startswith("there is no scheme 'rfm5' (on the command line): data/schemes holds champions11")


def test_crosswalk_counts_every_customer_once():
    told = call("crosswalk", "stages4", "stages5", "--profile", "cdnow", "--as-of", "1997-09-30")
    rows = [line.split() for line in told.output.splitlines()[1:]]
    assert told.exit_code == 0 and sum(int(r[4].replace(",", "")) for r in rows) == 2357
    assert {(r[1], r[3]) for r in rows} <= {("acquisition", "prospect"), ("acquisition", "first"), ("growth", "repeat"), ("growth", "loyal"), ("maturity", "repeat"), ("maturity", "loyal"),
                                            ("decline", "lost"), ("decline", "repeat"), ("decline", "loyal")}  # fmt: skip
