"""Which part of the data a run is about."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _as_list(value: Any) -> Any:
    """One value may be written without brackets."""
    return (value,) if isinstance(value, str) else value


class FiltersSettings(BaseModel):
    """Only these markets, channels or kinds of customers; everything where nothing is named.

    Examples
    --------
    >>> FiltersSettings(market="France").market, FiltersSettings().active
    (('France',), False)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    market: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field((), description="only customers of these regions, with all that belongs to them (customers.region); empty: all")
    channel: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field((), description="only orders placed through these channels; a return follows its order (order_lines.channel); empty: all")
    customer_kind: Annotated[tuple[Literal["consumer", "business"], ...], BeforeValidator(_as_list)] = Field(
        (), description="only customers of this kind, consumer or business, with all that belongs to them (customers.kind); empty: all"
    )

    @property
    def about_customers(self) -> bool:
        """Whether some customers are left out."""
        return bool(self.market or self.customer_kind)

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return bool(self.about_customers or self.channel)


COLUMN_OF = {"market": ("customers", "region"), "channel": ("order_lines", "channel"), "customer_kind": ("customers", "kind")}


def say_filters(settings: FiltersSettings) -> str:
    """Return what a run is restricted to, in words; empty when it is not.

    Examples
    --------
    >>> say_filters(FiltersSettings(market=("France", "Belgium"), customer_kind="business"))
    'only market France or Belgium, customer kind business'
    """
    named = [(key.replace("_", " "), getattr(settings, key)) for key in COLUMN_OF]
    told = [f"{key} {' or '.join(values)}" for key, values in named if values]
    return "only " + ", ".join(told) if told else ""
