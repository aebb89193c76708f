"""Every threshold of a run: one section per subject, defaults in the rooms, mistakes named in one sentence."""

from __future__ import annotations

import difflib
from typing import Any, get_args

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings, TieringSettings
from helpers.cleaning.settings import CleaningSettings
from helpers.cleaning.settings_customers import DuplicatesSettings, PrivacySettings, TagsSettings
from helpers.cleaning.settings_filters import FiltersSettings
from helpers.errors import UserError
from helpers.needs.settings import BasketsSettings, CyclesSettings, RecommendSettings, SequencesSettings, ShiftSettings
from helpers.needs.settings_people import InterviewsSettings, LinksSettings, NeedsSettings, SatisfactionSettings, VoiceSettings
from helpers.retention.settings import ActionsSettings, ChurnSettings, SignalsSettings
from helpers.value.settings import CostToServeSettings, PurchaseModelSettings, ValueSettings

KINDS = {int: "whole number", float: "number", bool: "true or false", str: "text"}
KEY_VARIABLE = "CRMKIT_PSEUDONYM_KEY"  # a secret belongs in no file that a run writes


class Settings(BaseModel):
    """All settings of a run; a section is what a stage receives as `<section>_settings`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filters: FiltersSettings = FiltersSettings()
    cleaning: CleaningSettings = CleaningSettings()
    duplicates: DuplicatesSettings = DuplicatesSettings()
    privacy: PrivacySettings = PrivacySettings()
    tags: TagsSettings = TagsSettings()
    rfm: RfmSettings = RfmSettings()
    activity: ActivitySettings = ActivitySettings()
    lifecycle: LifecycleSettings = LifecycleSettings()
    tiering: TieringSettings = TieringSettings()
    needs: NeedsSettings = NeedsSettings()
    baskets: BasketsSettings = BasketsSettings()
    sequences: SequencesSettings = SequencesSettings()
    recommend: RecommendSettings = RecommendSettings()
    cycles: CyclesSettings = CyclesSettings()
    links: LinksSettings = LinksSettings()
    voice: VoiceSettings = VoiceSettings()
    satisfaction: SatisfactionSettings = SatisfactionSettings()
    interviews: InterviewsSettings = InterviewsSettings()
    shift: ShiftSettings = ShiftSettings()
    purchase_model: PurchaseModelSettings = PurchaseModelSettings()
    cost_to_serve: CostToServeSettings = CostToServeSettings()
    value: ValueSettings = ValueSettings()
    signals: SignalsSettings = SignalsSettings()
    churn: ChurnSettings = ChurnSettings()
    actions: ActionsSettings = ActionsSettings()


def build_settings(*layers: dict[str, dict[str, Any]]) -> Settings:
    """Return the settings that result when later layers (profile, run) override earlier ones.

    Parameters
    ----------
    *layers : dict
        `{section: {key: value}}`, for example `{"rfm": {"bands": 3}}`.

    Returns
    -------
    Settings

    Raises
    ------
    UserError
        An unknown section or key, or a value out of range: names the key, the value and what is allowed.

    Examples
    --------
    >>> build_settings({"rfm": {"bands": 3}}).rfm.bands
    3
    >>> build_settings({"rfm": {"band": 3}})
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: unknown setting rfm.band: did you mean rfm.bands? crmkit settings lists all
    """
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for section, values in layer.items():
            if not isinstance(values, dict):
                raise UserError(f"settings section {section} must hold keys and values, not {values!r}")
            merged.setdefault(section, {}).update(values)
    try:
        return Settings.model_validate(merged)
    except ValidationError as fault:
        raise UserError(_say(fault)) from fault


def _say(fault: ValidationError) -> str:
    first = fault.errors(include_url=False)[0]
    key = ".".join(str(p) for p in first["loc"][:2])
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, list(setting_names()), 1, 0.5)
        return f"unknown setting {key}:{f' did you mean {close[0]}?' if close else ''} crmkit settings lists all"
    allowed = setting_names().get(key)
    hint = f" (allowed: {_allowed(allowed)})" if allowed else ""
    return f"setting {key} = {first['input']!r}: {first['msg'].removeprefix('Value error, ')}{hint}"


def setting_names() -> dict[str, FieldInfo]:
    """Return every setting as `section.key` with its field."""
    sections = {name: info.annotation for name, info in Settings.model_fields.items()}
    return {f"{s}.{k}": info for s, model in sections.items() for k, info in model.model_fields.items() if not info.exclude}  # type: ignore[union-attr]


LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "pattern": "of the form", "min_length": "letters at least"}


def _allowed(info: FieldInfo) -> str:
    limits = [f"{says} {value:g}" if isinstance(value := getattr(m, name), int | float) else f"{says} {value}"
              for m in info.metadata for name, says in LIMITS.items() if getattr(m, name, None) is not None]  # fmt: skip
    choices = [repr(a) for a in get_args(info.annotation) if isinstance(a, str)]
    kind = KINDS.get(info.annotation, "list") if not choices else " or ".join(choices)  # type: ignore[arg-type]
    return ", ".join([kind, *limits])


def list_settings(settings: Settings) -> pd.DataFrame:
    """Return one row per setting: setting, value, default, allowed, meaning; what a report prints."""
    values = settings.model_dump(mode="json")
    rows = []
    for name, info in setting_names().items():
        section, key = name.split(".")
        default = Settings().model_dump(mode="json")[section][key]
        value = values[section][key]
        rows.append({"setting": name, "value": _text(value), "default": _text(default), "allowed": _allowed(info), "meaning": info.description or ""})
    return pd.DataFrame(rows)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, allow_unicode=True).strip().removesuffix("\n...")


def read_assignments(assignments: list[str]) -> dict[str, dict[str, Any]]:
    """Return `--set section.key=value` words as a settings layer; values are read as YAML.

    Examples
    --------
    >>> read_assignments(["rfm.bands=3", "privacy.pseudonymise=false"])
    {'rfm': {'bands': 3}, 'privacy': {'pseudonymise': False}}
    """
    layer: dict[str, dict[str, Any]] = {}
    for word in assignments:
        name, equals, value = word.partition("=")
        section, dot, key = name.strip().partition(".")
        if (section, key) == ("privacy", "key"):
            raise UserError(f"set the environment variable {KEY_VARIABLE} instead of --set privacy.key, so that the key stands in no file")
        if not equals or not dot:
            raise UserError(f"--set {word}: write section.key=value, for example rfm.bands=3")
        try:
            layer.setdefault(section, {})[key] = yaml.safe_load(value)
        except yaml.YAMLError as fault:
            raise UserError(f"--set {word}: {value!r} cannot be read as a value") from fault
    return layer
