"""Fit purchase models on different rows with weights, and say how well it went (feature F25)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from helpers.errors import UserError
from helpers.value import backend_lifetimes
from helpers.value.likelihood import PARAMETERS, curvature, log_likelihood, spend_log_likelihood, standard_errors
from helpers.value.settings import PurchaseModelSettings
from helpers.value.units import unit_of

TITLES = {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "pareto_nbd": "Pareto/NBD", "nbd": "NBD (nobody leaves)", "gamma_gamma": "Gamma-Gamma"}
ALL_PARAMETERS = tuple(dict.fromkeys(name for names in PARAMETERS.values() for name in names))
FLAT = 1e-3  # a slope of the log-likelihood per customer beyond this is no top
FEWEST = 10  # customers below which nothing is fitted
FIT_COLUMNS = ["model", "unit", "observed_until", "customers", "rows", *ALL_PARAMETERS, *(f"se_{n}" for n in ALL_PARAMETERS), "log_likelihood", "bic", "slope", "converged", "penalty", "note"]


@dataclass(frozen=True)
class FittedModel:
    """A purchase or spend model with its parameters, in the time unit that it was fitted in."""

    model: str
    params: tuple[float, ...]
    unit: str

    def array(self) -> np.ndarray:
        """Return the parameters in the order of `PARAMETERS`."""
        return np.array(self.params)


def fit_purchase_models(summary: pd.DataFrame, settings: PurchaseModelSettings) -> pd.DataFrame:
    """Fit the models of the settings and Gamma-Gamma to a purchase summary.

    Parameters
    ----------
    summary : pandas.DataFrame
        From `summarise_purchases`; its unit goes into the result and is checked by every later call.
    settings : PurchaseModelSettings

    Returns
    -------
    pandas.DataFrame
        One row per model: model, unit (str), observed_until (datetime64[us]), customers, rows (Int64, different histories that were fitted), the
        parameters and their standard errors (float64, missing where a model has none), log_likelihood (of the data, not a mean), bic (lower is
        better), slope (largest derivative of the log-likelihood by a log-parameter, per customer; near zero at a top), converged (boolean), penalty
        (float64, 0 for maximum likelihood), note (str, what a reader must know).

    Notes
    -----
    Fitting different rows with weights gives the same parameters as fitting every customer (anchors.md 0.10).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> bought = pd.DataFrame({"frequency": rng.poisson(2, 200), "T": 52.0, "monetary_value": rng.gamma(5, 4, 200), "unit": "week", "observed_until": pd.Timestamp("2025-06-30")})
    >>> bought["recency"] = (bought["frequency"] > 0) * rng.uniform(10, 52, 200).round()
    >>> fit_purchase_models(bought, PurchaseModelSettings(models=["nbd"]))[["model", "converged"]].values.tolist()
    [['nbd', True], ['gamma_gamma', True]]
    """
    unit = unit_of(summary)
    fitted = [_fit_one(name, summary, settings) for name in (*settings.models, "gamma_gamma")]
    until = summary["observed_until"].max() if len(summary) else pd.NaT
    table = pd.DataFrame(fitted).reindex(columns=FIT_COLUMNS).assign(unit=unit, observed_until=until)
    kinds = {c: "float64" for c in (*ALL_PARAMETERS, *(f"se_{n}" for n in ALL_PARAMETERS), "log_likelihood", "bic", "slope", "penalty")}
    return table.astype({**kinds, "model": "str", "unit": "str", "note": "str", "customers": "Int64", "rows": "Int64", "converged": "boolean", "observed_until": "datetime64[us]"})


def _fit_one(model: str, summary: pd.DataFrame, settings: PurchaseModelSettings) -> dict[str, object]:
    names, columns, weights = _rows(model, summary)
    customers = int(weights.sum())
    row: dict[str, object] = {"model": model, "customers": customers, "rows": len(weights), "converged": False, "penalty": 0.0, "note": ""}
    if customers < FEWEST or not columns[0].any():
        few = f"not fitted: {customers} {'customer' if customers == 1 else 'customers'} with {names}, at least {FEWEST} are needed"
        return row | {"note": few if customers < FEWEST else "not fitted: nobody bought again"}
    shorter = model == "pareto_nbd" and len(weights) > settings.most_rows
    fit_on = _whole_units(columns, weights) if shorter else (columns, weights)
    for penalty in (0.0, *settings.penalties):
        params = _find(model, *fit_on, penalty)
        if params is not None:
            notes = [f"fitted on {len(fit_on[1]):,} histories in whole units of time"] if shorter else []
            notes += [f"did not converge without a penalty: penalty {penalty:g} pulls the parameters towards zero and changes totals"] if penalty else []
            told = _report(model, params, columns, weights, penalty)
            notes += [] if told["converged"] else ["no top was reached: parameters run away, so the data cannot tell them"]
            return row | told | {"penalty": penalty, "note": "; ".join(notes)}
    return row | {"note": f"did not converge, not even with a penalty of {max(settings.penalties, default=0):g}"}


def _rows(model: str, summary: pd.DataFrame) -> tuple[str, tuple[np.ndarray, ...], np.ndarray]:
    """Return the different histories that a model reads, and how many customers have each."""
    spends = model == "gamma_gamma"
    wanted = ["frequency", "monetary_value"] if spends else ["frequency", "recency", "T"]
    used = summary[wanted].astype("float64")
    if spends:
        used = used[(used["frequency"] > 0) & (used["monetary_value"] > 0)]
    counts = used.groupby(wanted, sort=True).size()
    columns = tuple(counts.index.get_level_values(c).to_numpy(float) for c in wanted)
    return "repeat purchases" if spends else "a purchase", columns, counts.to_numpy(float)


def _whole_units(columns: tuple[np.ndarray, ...], weights: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    x, t_x, age = columns
    rounded = pd.DataFrame({"x": x, "t_x": t_x.round(), "age": np.maximum(age.round(), t_x.round()), "n": weights})
    short = rounded.groupby(["x", "t_x", "age"])["n"].sum()
    return tuple(short.index.get_level_values(c).to_numpy(float) for c in ("x", "t_x", "age")), short.to_numpy(float)


def _find(model: str, columns: tuple[np.ndarray, ...], weights: np.ndarray, penalty: float) -> np.ndarray | None:
    return _fit_nbd(columns, weights) if model == "nbd" else backend_lifetimes.fit(model, columns, weights, penalty)


def _fit_nbd(columns: tuple[np.ndarray, ...], weights: np.ndarray) -> np.ndarray | None:
    """Fit the NBD in its timing form: two parameters, which lifetimes does not offer."""
    scale = columns[2].max() or 1.0
    x, t_x, age = columns[0], columns[1] / scale, columns[2] / scale
    found = minimize(lambda logs: -_total("nbd", np.exp(logs), (x, t_x, age), weights) / weights.sum(), np.zeros(2), method="L-BFGS-B", bounds=[(-12, 12)] * 2, tol=1e-12)
    return np.exp(found.x) * np.array([1.0, scale]) if found.success else None


def _total(model: str, params: np.ndarray, columns: tuple[np.ndarray, ...], weights: np.ndarray) -> float:
    rows = spend_log_likelihood(params, *columns) if model == "gamma_gamma" else log_likelihood(model, params, *columns)
    return float(math.fsum(weights * rows))


def _report(model: str, params: np.ndarray, columns: tuple[np.ndarray, ...], weights: np.ndarray, penalty: float) -> dict[str, object]:
    total: Callable[[np.ndarray], float] = partial(_total, model, columns=columns, weights=weights)
    value, (gradient, hessian) = total(params), curvature(total, params)
    names, slope = PARAMETERS[model], float(np.abs(gradient).max() / weights.sum())
    errors = dict(zip((f"se_{n}" for n in names), standard_errors(hessian, params), strict=True))
    told = {"log_likelihood": value, "bic": len(names) * math.log(weights.sum()) - 2 * value, "slope": slope, "converged": bool(np.isfinite(value) and (slope < FLAT or penalty > 0))}
    return {**dict(zip(names, params, strict=True)), **errors, **told}


def model_from(fits: pd.DataFrame, model: str) -> FittedModel | None:
    """Return one fitted model of a table of fits, or None when it is not there or was not fitted.

    Parameters
    ----------
    fits : pandas.DataFrame
        From `fit_purchase_models`.
    model : str
        A model's short name.
    """
    found = fits[fits["model"] == model]
    if found.empty or found[list(PARAMETERS[model])].isna().any(axis=None):
        return None
    row = found.iloc[0]
    return FittedModel(model, tuple(float(row[n]) for n in PARAMETERS[model]), str(row["unit"]))


def check_same_unit(model: FittedModel, summary: pd.DataFrame) -> None:
    """Raise a `UserError` when a model and a summary count time in different units."""
    unit = unit_of(summary)
    if unit != model.unit:
        raise UserError(f"the model {TITLES[model.model]} was fitted in {model.unit}s, the purchase summary is in {unit}s: make both in one unit")


def usable_models(fits: pd.DataFrame, models: Sequence[str]) -> list[str]:
    """Return the models of `models` that were fitted and converged, in their order."""
    good = set(fits.loc[fits["converged"].fillna(False).astype(bool), "model"])
    return [m for m in models if m in good]
