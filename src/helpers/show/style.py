"""One look for all charts: quiet, colour-blind safe, the same colour for the same tier everywhere."""

from __future__ import annotations

# Okabe and Ito's palette, which people with every kind of colour vision can tell apart
BLUE, ORANGE, GREEN, YELLOW, SKY, RED, PURPLE, GREY, DARK = "#0072B2", "#E69F00", "#009E73", "#F0E442", "#56B4E9", "#D55E00", "#CC79A7", "#999999", "#333333"
PALE = "#CFD4D8"
FATE_COLOURS = {"kept": GREEN, "merged": SKY, "set aside": ORANGE}
VERDICT_COLOURS = {"green": GREEN, "amber": ORANGE, "red": RED}
TIER_COLOURS = {
    "Best": GREEN, "Loyal": BLUE, "Promising": SKY, "New": YELLOW, "Occasional": GREY,
    "Lapsing best": RED, "Lapsing": ORANGE, "Sleeping": DARK, "No standing order": PURPLE,
}  # fmt: skip
FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei", "SimHei", "DejaVu Sans")


def set_style() -> None:
    """Set fonts, sizes and spines for all charts that follow; Chinese labels are drawn when a font for them is installed."""
    import matplotlib as mpl
    from matplotlib import font_manager

    installed = {f.name for f in font_manager.fontManager.ttflist}
    mpl.rcParams.update(
        {
            "font.family": [f for f in FONTS if f in installed] or ["sans-serif"],
            "figure.dpi": 80, "savefig.dpi": 80, "figure.figsize": (8, 4), "figure.constrained_layout.use": True,
            "axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left", "axes.titlesize": 12, "axes.titleweight": "bold",
            "axes.grid": False, "axes.labelcolor": DARK, "xtick.color": DARK, "ytick.color": DARK,
        }
    )  # fmt: skip
