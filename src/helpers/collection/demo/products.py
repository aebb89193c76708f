"""The catalogue: beans, machines, grinders, consumables and services, with the days new products came out."""

from __future__ import annotations

import datetime as dt

import pandas as pd

ORIGINS = (  # code, name, taste, retail price of 250 g, launched ("" = from the start)
    ("YUN", "Yunnan Pu'er washed", "filter", 62, ""),
    ("ETH", "Ethiopia Guji natural", "filter", 88, ""),
    ("KEN", "Kenya Nyeri", "filter", 96, "2023-06-05"),
    ("BRA", "Brazil Cerrado", "espresso", 58, ""),
    ("HSE", "House espresso blend", "espresso", 54, ""),
    ("ITA", "Harbour dark roast", "espresso", 56, ""),
    ("MLK", "Milk drink blend", "milk", 55, ""),
    ("CHO", "Chocolate notes blend", "milk", 60, "2023-10-16"),
    ("DEC", "Decaf Colombia", "milk", 72, ""),
    ("CLD", "Cold brew blend", "filter", 66, "2024-04-15"),
)
RESERVE = (
    ("GES", "Reserve Panama Geisha", 238, ""),
    ("JAM", "Reserve Blue Mountain style", 198, ""),
    ("ANR", "Reserve anaerobic lot", 168, "2024-03-04"),
)
OTHERS = (  # id, name, category, subcategory, price, share of cost, launched, tags
    ("ESP-H1", "Piccolo home espresso machine", "machines", "home", 2680, 0.66, "", "espresso"),
    ("ESP-H2", "Duo home espresso machine", "machines", "home", 5380, 0.64, "", "espresso"),
    ("ESP-H3", "Piccolo Smart with app", "machines", "home", 3480, 0.66, "2024-08-19", "espresso;app"),
    ("ESP-C1", "Bottega commercial machine, 1 group", "machines", "commercial", 16800, 0.68, "", "espresso"),
    ("ESP-C2", "Bottega commercial machine, 2 groups", "machines", "commercial", 29800, 0.68, "", "espresso"),
    ("GRD-H1", "Hand grinder", "grinders", "home", 420, 0.55, "", "filter"),
    ("GRD-H2", "Electric home grinder", "grinders", "home", 1280, 0.60, "", "espresso"),
    ("GRD-C1", "Commercial on-demand grinder", "grinders", "commercial", 6400, 0.66, "", "espresso"),
    ("GRD-H3", "Grinder with built-in scale", "grinders", "home", 1680, 0.60, "2025-01-13", "filter"),
    ("CON-DSC", "Descaling kit", "consumables", "cleaning", 79, 0.40, "", "espresso"),
    ("CON-TAB", "Cleaning tablets, 100", "consumables", "cleaning", 96, 0.42, "", "espresso"),
    ("CON-PAP", "Paper filters, 200", "consumables", "filters", 38, 0.40, "", "filter"),
    ("CON-WTR", "Water filter cartridge", "consumables", "filters", 128, 0.45, "", "espresso"),
    ("CON-CUP", "Takeaway cups, 500", "consumables", "cups", 210, 0.62, "", "milk"),
    ("CON-CPD", "Compostable cups, 500", "consumables", "cups", 268, 0.62, "2023-08-14", "milk"),
    ("CON-OAT", "Oat drink for baristas, 6 l", "consumables", "milk", 108, 0.68, "", "milk"),
    ("CON-PIT", "Milk pitcher", "consumables", "tools", 118, 0.45, "", "milk"),
    ("CON-SCL", "Brewing scale", "consumables", "tools", 298, 0.55, "2023-12-04", "filter"),
    ("CON-DRP", "Flat-bottom dripper", "consumables", "tools", 168, 0.45, "2024-06-17", "filter"),
    ("CON-CAP", "Refillable capsule set", "consumables", "tools", 158, 0.48, "2024-11-04", "espresso"),
    ("CON-SYR", "Low-sugar syrup set", "consumables", "milk", 98, 0.52, "2025-04-07", "milk"),
    ("CON-TEA", "Cascara tea bags", "consumables", "tea", 58, 0.45, "2025-02-24", "filter"),
    ("SRV-CARE", "Care plan, one year", "services", "plans", 680, 0.35, "", "service"),
    ("SRV-VIS", "Technician visit", "services", "visits", 380, 0.60, "", "service"),
    ("SRV-INS", "Installation", "services", "visits", 560, 0.60, "", "service"),
)
NOT_PRODUCTS = ("SHIP", "ADJ")
COLUMNS = ["product_id", "name", "category", "subcategory", "price", "cost_share", "launched_on", "tags"]
OPENING = "2022-12-01"


def make_products() -> pd.DataFrame:
    """Return the catalogue: one row per product with list price in CNY and share of cost in it.

    Returns
    -------
    pandas.DataFrame
        `product_id`, `name`, `category`, `subcategory`, `tags` (str), `price` (float64, CNY), `cost_share`
        (float64), `launched_on` (datetime64[us]).

    Examples
    --------
    >>> make_products().query("product_id == 'CON-DSC'")["price"].item()
    79.0
    """
    rows: list[tuple[object, ...]] = []
    for code, name, taste, price, launched in ORIGINS:
        rows.append((f"BN-{code}-250", f"{name} 250 g", "beans", "retail", price, 0.48, launched, taste))
        rows.append((f"BN-{code}-1K", f"{name} 1 kg", "beans", "wholesale", round(price * 2.8), 0.58, launched, taste))
    for code, name, price, launched in RESERVE:
        rows.append((f"BN-{code}-R", f"{name} 150 g", "beans", "reserve", price, 0.50, launched, "reserve"))
    rows.extend(OTHERS)
    products = pd.DataFrame(rows, columns=COLUMNS).astype({"price": "float64", "cost_share": "float64"})
    days = [dt.date.fromisoformat(str(d) or OPENING) for d in products["launched_on"]]
    return products.assign(launched_on=pd.to_datetime(pd.Series(days)).astype("datetime64[us]"))
