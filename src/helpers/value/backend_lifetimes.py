"""The only module that imports lifetimes: it fits, and nothing else of it is used.

lifetimes is archived. Its import changes a pandas option and the warning filters, its summary, hold-out, alive-path and value helpers are broken
or give silent NaN under pandas 3 (anchors.md 0 and 1.1), and its Pareto/NBD likelihood breaks off for very frequent customers.
So it only minimises; likelihoods, errors and predictions are our own. Another backend offers the same function `fit`.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from helpers.value.likelihood import PARAMETERS, log_likelihood

NAMES = {"bg_nbd": "BetaGeoFitter", "mbg_nbd": "ModifiedBetaGeoFitter", "pareto_nbd": "ParetoNBDFitter", "gamma_gamma": "GammaGammaFitter"}
# a search near the edge of the parameter space ends in "precision loss" when it is asked for more digits than there are; slopes are checked anyway
TOLERANCES = dict.fromkeys(NAMES, (1e-7, 1e-6, 1e-5)) | {"pareto_nbd": (1e-9,)}


def fit(model: str, columns: tuple[np.ndarray, ...], weights: np.ndarray, penalty: float) -> np.ndarray | None:
    """Return the parameters that lifetimes finds, or None when it does not converge.

    Parameters
    ----------
    model : {"bg_nbd", "mbg_nbd", "pareto_nbd", "gamma_gamma"}
    columns : tuple of arrays
        Different rows of frequency, recency, T; of frequency, mean spend for gamma_gamma.
    weights : array
        How many customers stand behind each row.
    penalty : float
        0 for maximum likelihood.

    Returns
    -------
    array or None
        In the order of `PARAMETERS[model]`.
    """
    with _contained():
        for tolerance in TOLERANCES[model]:
            found = _try(model, columns, weights, penalty, tolerance)
            if found is not None and np.isfinite(found).all() and (found > 0).all():
                return found
    return None


def _try(model: str, columns: tuple[np.ndarray, ...], weights: np.ndarray, penalty: float, tolerance: float) -> np.ndarray | None:
    library = _lifetimes()
    fitter = _pareto(library)(penalizer_coef=penalty) if model == "pareto_nbd" else getattr(library, NAMES[model])(penalizer_coef=penalty)
    # without a given start lifetimes draws one at random for Pareto/NBD
    extra: dict[str, Any] = {"initial_params": np.ones(4), "maxiter": 4000} if model == "pareto_nbd" else {}
    try:
        fitter.fit(*columns, weights=weights, tol=tolerance, **extra)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError):  # lifetimes' ConvergenceError is a ValueError
        return None
    return fitter.params_.loc[list(PARAMETERS[model])].to_numpy(float)


@contextlib.contextmanager
def _contained() -> Iterator[None]:
    """Undo what lifetimes does to pandas, to warnings and to the screen."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@cache
def _lifetimes() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = pd.get_option("mode.chained_assignment")
        import lifetimes  # half a second with its automatic differentiation: only when something is fitted

        pd.set_option("mode.chained_assignment", before)
    return lifetimes


@cache
def _pareto(library: ModuleType) -> type:
    """Return lifetimes' Pareto/NBD fitter with a likelihood that is finite for every history."""

    class StablePareto(library.ParetoNBDFitter):  # type: ignore[misc,name-defined]
        @staticmethod
        def _negative_log_likelihood(params: np.ndarray, freq: np.ndarray, rec: np.ndarray, T: np.ndarray, weights: np.ndarray, penalizer_coef: float) -> float:  # noqa: N803
            if np.any(np.asarray(params) <= 0):
                return float("inf")
            told = log_likelihood("pareto_nbd", np.asarray(params), freq, rec, T)
            return float(-(weights * told).sum() / weights.sum() + penalizer_coef * np.sum(np.asarray(params) ** 2))

    return StablePareto
