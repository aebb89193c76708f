"""An additive model of leaving: the log-odds are a sum of one part per feature, so a reason is a part of the score and not a guess about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

BENDS = (0.5, 0.8, 0.95)  # a part may change its slope at these quantiles of its feature


@dataclass(frozen=True)
class Basis:
    """Each feature as itself and as what lies above a few of its quantiles, standardised: straight pieces, no fit beyond the data."""

    bends: dict[str, tuple[float, ...]]
    mean: np.ndarray
    scale: np.ndarray
    low: pd.Series
    high: pd.Series

    @classmethod
    def fit(cls, x: pd.DataFrame) -> Basis:
        """Return the pieces for features as they are distributed in `x`."""
        bends = {c: _bends(x[c]) for c in x}
        basis = cls(bends, np.zeros(1), np.ones(1), x.min(), x.max())
        raw = basis._raw(x)
        scale = raw.std(axis=0)
        return cls(bends, raw.mean(axis=0), np.where(scale > 0, scale, 1.0), x.min(), x.max())

    def _raw(self, x: pd.DataFrame) -> np.ndarray:
        inside = x[list(self.bends)].clip(self.low, self.high, axis=1)
        return np.column_stack([part for c, bends in self.bends.items() for part in (inside[c], *((inside[c] - b).clip(lower=0) for b in bends))])

    def transform(self, x: pd.DataFrame) -> np.ndarray:
        """Return the standardised pieces, one column each."""
        return (self._raw(x) - self.mean) / self.scale

    @property
    def owners(self) -> list[str]:
        """The feature that each piece belongs to."""
        return [c for c, bends in self.bends.items() for _ in range(1 + len(bends))]


def _bends(values: pd.Series) -> tuple[float, ...]:
    points = sorted(set(values.quantile(list(BENDS)).round(9)))
    return tuple(p for p in points if values.min() < p < values.max())


@dataclass(frozen=True)
class Additive:
    """A fitted model. `slope` and `offset` are the calibration on a later date; they stretch every part alike, so parts still add up."""

    basis: Basis
    weights: np.ndarray
    intercept: float
    slope: float = 1.0
    offset: float = 0.0

    def parts(self, x: pd.DataFrame) -> pd.DataFrame:
        """Return each feature's part of the log-odds, measured from the average customer of the fit."""
        pieces = self.basis.transform(x) * self.weights * self.slope
        return pd.DataFrame(pieces, index=x.index).T.groupby(self.basis.owners, sort=False).sum().T

    @property
    def base(self) -> float:
        """The log-odds of the average customer of the fit."""
        return self.slope * self.intercept + self.offset

    def predict(self, x: pd.DataFrame) -> np.ndarray:
        """Return the probability of leaving."""
        return expit(self.base + self.parts(x).sum(axis=1).to_numpy())


def fit_additive(x: pd.DataFrame, left: np.ndarray, *, strength: float = 0.3) -> Additive:
    """Return the additive logistic model of `left` on the features.

    Parameters
    ----------
    x : pandas.DataFrame
        Features, no missing values.
    left : numpy.ndarray
        Whether each customer left; both classes must be there.
    strength : float
        Inverse of the ridge penalty (scikit-learn's C).

    Examples
    --------
    >>> x = pd.DataFrame({"silence": np.tile([0.1, 0.5, 1.0, 2.0], 50)})
    >>> model = fit_additive(x, np.tile([0, 0, 1, 1], 50))
    >>> bool((np.diff(model.predict(x.head(4))) > 0).all())
    True
    """
    from sklearn.linear_model import LogisticRegression

    basis = Basis.fit(x)
    model = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200).fit(basis.transform(x), np.asarray(left).astype(int))
    return Additive(basis, model.coef_[0], float(model.intercept_[0]))


def calibrate(model: Additive, x: pd.DataFrame, left: np.ndarray) -> Additive:
    """Return the model with slope and offset fitted on customers that it has not seen (Platt); as it was when those are of one class or would turn it round.

    Parameters
    ----------
    model : Additive
    x, left
        A later date than those of the fit.
    """
    from sklearn.linear_model import LogisticRegression

    happened = np.asarray(left).astype(int)
    if len(set(happened)) < 2:  # noqa: PLR2004
        return model
    odds = (model.base + model.parts(x).sum(axis=1)).to_numpy().reshape(-1, 1)
    line = LogisticRegression(C=1e4, solver="newton-cholesky", max_iter=200).fit(odds, happened)
    slope, offset = float(line.coef_[0][0]), float(line.intercept_[0])
    if slope <= 0:
        return model
    return Additive(model.basis, model.weights, model.intercept, slope * model.slope, slope * model.offset + offset)
