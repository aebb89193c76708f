"""Three published tables of segments: the linter finds by itself which codes nobody named (anchors.md 1.3, features.md 3.1 and 10)."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.axes.columns import axis_domains
from helpers.rules.lint import lint_scheme
from helpers.rules.regions import cover
from helpers.rules.schemes import read_scheme
from helpers.runs.schemefiles import read_scheme_file, scheme_folder

R_RFM = "215, 241, 251, 252, 341, 351, 441, 451, 541, 551"
PYMC = "121, 131, 141, 142, 213, 221, 231, 241, 242, 321, 331, 341, 342, 421, 431, 432, 441, 442"


def linted(name: str) -> pd.DataFrame:
    return lint_scheme(read_scheme(read_scheme_file(scheme_folder() / "public" / f"{name}.yml"), name), axis_domains(5)).set_index("check")


def test_a_guide_names_4_of_27_cells():
    found = linted("guide_four_rules")
    assert found.loc["holes", ["found", "of"]].tolist() == [23, 27] and found.at["overlaps", "found"] == 0
    assert not {"HHH", "MMM", "LLL", "HLL"} & set(found.at["holes", "detail"].split(", ")) and "LHH" in found.at["holes", "detail"]


def test_the_readme_of_r_rfm_leaves_10_of_125_codes_names_57_once_and_58_more_than_once():
    found = linted("r_rfm_readme")
    assert found.loc["holes", ["found", "of", "detail"]].tolist() == [10, 125, R_RFM]
    assert found.at["overlaps", "found"] == 58 and found.at["unreachable rules", "found"] == 0
    scheme = read_scheme(read_scheme_file(scheme_folder() / "public" / "r_rfm_readme.yml"), "r_rfm_readme")
    claims = cover(scheme, {}).codes["claims"]
    assert (claims == 0).sum() == 10 and (claims == 1).sum() == 57 and claims.between(2, 5).sum() == 58 and claims.max() == 5


def test_its_champions_are_one_code_and_everything_depends_on_the_order_of_rules():
    scheme = read_scheme(read_scheme_file(scheme_folder() / "public" / "r_rfm_readme.yml"), "r_rfm_readme")
    codes = cover(scheme, {}).codes
    assert codes.loc[codes["first"] == "champions", ["r", "f", "m"]].values.tolist() == [[5, 5, 5]]
    turned = scheme.model_copy(update={"rules": scheme.rules[::-1]})
    assert (cover(type(scheme).model_validate(turned.model_dump()), {}).codes["first"] != codes["first"]).sum() == 58


def test_pymc_marketing_names_46_of_64_codes():
    found = linted("pymc_default")
    assert found.loc["holes", ["found", "of", "detail"]].tolist() == [18, 64, PYMC] and found.at["overlaps", "found"] == 0


@pytest.mark.parametrize(("name", "share"), [("guide_four_rules", 23 / 27), ("r_rfm_readme", 10 / 125)])
def test_customers_in_the_holes_fall_to_the_fallback_and_the_linter_counts_them(name, share):
    scheme = read_scheme(read_scheme_file(scheme_folder() / "public" / f"{name}.yml"), name)
    cells = cover(scheme, {}).cells
    customers = cells.assign(customer_id=[f"c{i}" for i in range(len(cells))])
    row = lint_scheme(scheme, {}, customers).set_index("check").loc["fallback share"]
    assert row["found"] / row["of"] == share and row["verdict"] == ("fault" if share > scheme.fallback.max_share else "ok")
