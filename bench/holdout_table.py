"""The hold-out on four real data sets: models beside naive forecasts, and whether intervals hold what they promise.

python bench/holdout_table.py [FOLDER]     # FOLDER: the open data sets; ../shared/data/open beside the project when left out

CDNOW and Complete Journey come with the installation; Online Retail and Ta Feng are left out when the folder is not there. Prints the two tables of docs/value_methods.md.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from helpers.runs import Run
from helpers.runs.paths import project_root

PROFILES = {
    "Online Retail": ("orders/online_retail_2010-12_2011-12.csv.gz", "lines.csv.gz", "2011-11-30", "GBP",
                      "    date_order: YMD\n    columns: {order_id: InvoiceNo, customer_id: CustomerID, order_date: InvoiceDate, product_id: StockCode, quantity: Quantity, unit_price: UnitPrice}\n"
                      "    not_products: [POST, DOT, C2, M, D, S, B, BANK CHARGES, CRUK, AMAZONFEE, PADS]\n"),
    "Ta Feng": ("orders/ta_feng/ta_feng.csv.zip", "ta_feng.csv", "2001-02-28", "TWD",
                "    date_order: MDY\n    columns: {customer_id: CUSTOMER_ID, order_date: TRANSACTION_DT, product_id: PRODUCT_ID, quantity: AMOUNT, amount: SALES_PRICE, cost: ASSET}\n"),
}  # fmt: skip
HEAD = "profile: {name}\ntitle: {title}\ncurrency: {currency}\nas_of: {day}\nsettings: {{privacy: {{pseudonymise: false}}}}\nsources:\n  - name: lines\n    table: order_lines\n    path: {file}\n"


def write_profile(title: str, data: Path, scratch: Path) -> tuple[str, str] | None:
    """Put a data set and a profile for it into a scratch folder; None when the data set is not there."""
    source, file, day, currency, columns = PROFILES[title]
    if not (data / source).exists():
        return None
    folder = scratch / title.replace(" ", "_").lower()
    folder.mkdir()
    if source.endswith(".zip"):
        shutil.unpack_archive(data / source, folder / "raw")
        shutil.copy(next((folder / "raw").rglob("*.csv")), folder / file)
    else:
        shutil.copy(data / source, folder / file)
    profile = folder / f"{folder.name}.yml"
    profile.write_text(HEAD.format(name=folder.name, title=title, currency=currency, day=day, file=file) + columns, encoding="utf-8")
    return str(profile), day


def judge(title: str, profile: str, day: str, scratch: Path) -> tuple[list[str], str]:
    """Return the lines of both tables for one data set."""
    run = Run.open(profile, day, out=scratch / f"out_{title.replace(' ', '_')}")
    plan = run.load("holdout_plan").set_index("split")
    accuracy, tenths = run.load("holdout_accuracy"), run.load("holdout_calibration").query("by == 'decile'")
    chosen = run.load("model_choice")["model"].iloc[0]
    rows = accuracy[accuracy["measure"] == "purchases"]
    lines = [
        f"| {title} | {'**' if m.method == chosen else ''}{m.title}{'**' if m.method == chosen else ''} | {m.bias * 100:+.0f} % | {m.mae:.3f} | {m.wape:.2f} | {m.rank_correlation:.2f} | {m.top_decile_lift:.2f} |"
        for m in rows.itertuples()
    ]
    held = ", ".join(f"{h * 100:.0f}" for h in tenths["held"])
    inside = [int(tenths[c].between(0.75, 0.85).sum()) for c in ("held", "spend_held")]
    span = f"{plan.loc['holdout', 'days_fitted']} + {plan.loc['holdout', 'days_judged']}"
    return lines, f"| {title} | {span} | {int(rows['customers'].iloc[0]):,} | {tenths['held'].mean() * 100:.1f} | {held} | {inside[0]} | {tenths['spend_held'].mean() * 100:.1f} | {inside[1]} |"


def main(data: Path) -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        sets = {"CDNOW": ("cdnow", "1998-06-30"), "Complete Journey": ("complete_journey", "2017-12-31")}
        sets |= {title: made for title in PROFILES if (made := write_profile(title, data, scratch))}
        told = {title: judge(title, *made, scratch) for title, made in sets.items()}
    print("| data | forecast | total | mean error | WAPE | rank correlation | top-decile lift |\n|---|---|---|---|---|---|---|")
    print("\n".join(line for lines, _ in told.values() for line in lines))
    print("\n| data | days fitted + judged | customers | held, purchases (%) | by tenth, lowest forecasts first (%) | tenths within 75 to 85 | held, money (%) | tenths within 75 to 85 |\n|---|---|---|---|---|---|---|---|")
    print("\n".join(line for _, line in told.values()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else project_root().parent / "shared" / "data" / "open")
