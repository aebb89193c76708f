"""One look for all charts: quiet, colour-blind safe, the same colour for the same tier everywhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence

# Okabe and Ito's palette, which people with every kind of colour vision can tell apart
BLUE, ORANGE, GREEN, YELLOW, SKY, RED, PURPLE, GREY, DARK = "#0072B2", "#E69F00", "#009E73", "#F0E442", "#56B4E9", "#D55E00", "#CC79A7", "#999999", "#333333"
PALE = "#CFD4D8"
FATE_COLOURS = {"kept": GREEN, "merged": SKY, "set aside": ORANGE}
VERDICT_COLOURS = {"green": GREEN, "amber": ORANGE, "red": RED}
TIER_RAMP = (GREEN, "#3FA98B", BLUE, "#4C8FC4", SKY, "#9CCBE8", YELLOW, "#E9C46A", ORANGE, "#B08D57", "#7F7F7F", DARK)  # best to worst
STATE_COLOURS = {"prospect": PALE, "new": YELLOW, "growing": SKY, "mature": BLUE, "reactivated": GREEN, "declining": ORANGE, "lapsed": "#8A8A8A"}
FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei", "SimHei", "DejaVu Sans")


def tier_colours(tiers: Sequence[str], call_first: Collection[str] = ()) -> dict[str, str]:
    """Return a colour per tier, best to worst along one ramp; the tiers to call first stand out in red.

    Examples
    --------
    >>> tier_colours(["high", "low", "lapsing"], {"lapsing"})["lapsing"] == RED
    True
    """
    last = max(len(tiers) - 1, 1)
    ramp = {t: TIER_RAMP[round(i * (len(TIER_RAMP) - 1) / last)] for i, t in enumerate(tiers)}
    return {t: RED if t in call_first else colour for t, colour in ramp.items()}


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
