"""True log-likelihoods of the purchase and spend models, and what follows from their curvature.

Fitters minimise means on rescaled time; published figures are sums on the data's own time. Everything reported is evaluated here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, gammaln

PARAMETERS = {
    "bg_nbd": ("r", "alpha", "a", "b"), "mbg_nbd": ("r", "alpha", "a", "b"), "pareto_nbd": ("r", "alpha", "s", "beta"), "nbd": ("r", "alpha"), "gamma_gamma": ("p", "q", "v"),
}  # fmt: skip
Array = np.ndarray
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(24)
_NODES, _NODE_WEIGHTS = (_NODES + 1) / 2, _NODE_WEIGHTS / 2
STEP = 1e-4  # of a log-parameter, for derivatives by differences


def log_likelihood(model: str, params: Array, x: Array, t_x: Array, age: Array) -> Array:
    """Return the log-likelihood of each purchase history.

    Parameters
    ----------
    model : {"bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"}
    params : array
        In the order of `PARAMETERS`, all above zero.
    x, t_x, age : arrays
        Frequency, recency and T, in the unit of the parameters.

    Returns
    -------
    array of float

    Notes
    -----
    BG/NBD: Fader, Hardie, Lee (2005). MBG/NBD: Batislam, Denizel, Filiztekin (2007). Pareto/NBD: Schmittlein, Morrison, Colombo (1987). NBD: Ehrenberg (1959), timing form.

    Examples
    --------
    >>> one = np.array([1.0]), np.array([1.714]), np.array([38.857])
    >>> log_likelihood("bg_nbd", np.array([0.243, 4.414, 0.793, 2.426]), *one).round(3).tolist()
    [-4.47]
    """
    r, alpha = params[:2]
    buying = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + age)
    if model == "nbd":
        return buying
    odds = np.logaddexp(0, log_odds_of_having_left(model, params, x, t_x, age))
    if model == "pareto_nbd":
        s, beta = params[2:]
        return buying + s * (np.log(beta) - np.log(beta + age)) + odds
    a, b = params[2:]
    stays = x + (model == "mbg_nbd")
    return buying + gammaln(a + b) + gammaln(b + stays) - gammaln(b) - gammaln(a + b + stays) + odds


def probability_alive(model: str, params: Array, x: Array, t_x: Array, age: Array) -> Array:
    """Return, per history, the probability that the customer has not left for good: 1 / (1 + odds of having left)."""
    return expit(-log_odds_of_having_left(model, params, x, t_x, age))


def log_odds_of_having_left(model: str, params: Array, x: Array, t_x: Array, age: Array) -> Array:
    """Return, per history, the logarithm of how much more probable it is that the customer has left than that he has not.

    In logarithms nothing overflows, however long the silence. The Pareto/NBD integral is evaluated by quadrature that stays finite for very
    frequent customers, where the hypergeometric form gives no number (anchors.md 0.2).
    """
    if model == "nbd":
        return np.full(len(x), -np.inf)
    r, alpha, third, fourth = params
    silence = (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
    if model == "mbg_nbd":
        return np.log(third) - np.log(fourth + x) + silence
    if model == "bg_nbd":
        return np.where(x > 0, np.log(third) - np.log(fourth + np.maximum(x, 1) - 1) + silence, -np.inf)
    return silence + np.log(third) + _log_pareto_integral(params, x, t_x, age)


def _log_pareto_integral(params: Array, x: Array, t_x: Array, age: Array) -> Array:
    """Integrate ((alpha+t_x)/(alpha+y))^(r+x) ((beta+T)/(beta+y))^s / (beta+y) over y from t_x to T; return the logarithm.

    With v = log((alpha+y)/(alpha+t_x)) the steep factor is exp(-(r+x) v); the nodes are spread by it, so the rest is smooth.
    """
    r, alpha, s, beta = params
    steep, log_span = r + x, np.log(alpha + age) - np.log(alpha + t_x)
    mass = -np.expm1(-steep * log_span)
    v = -np.log1p(-_NODES * mass[:, None]) / steep[:, None]
    stretch = (alpha + t_x)[:, None] * np.exp(v)
    y = stretch - alpha
    smooth = np.exp(s * (np.log(beta + age)[:, None] - np.log(beta + y))) / (beta + y) * stretch
    with np.errstate(divide="ignore"):  # no silence, no odds: log(0)
        return np.log(mass / steep * (smooth @ _NODE_WEIGHTS))


def spend_log_likelihood(params: Array, x: Array, mean_spend: Array) -> Array:
    """Return the Gamma-Gamma log-likelihood of each mean spend (Fader and Hardie 2013, note 25, equation 1a)."""
    p, q, v = params
    px = p * x
    return gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v) + (px - 1) * np.log(mean_spend) + px * np.log(x) - (px + q) * np.log(x * mean_spend + v)


def curvature(total: Callable[[Array], float], params: Array) -> tuple[Array, Array]:
    """Return gradient and Hessian of a log-likelihood in the logarithms of its parameters, by central differences.

    Parameters
    ----------
    total : callable
        Parameters to log-likelihood.
    params : array
        Where.
    """
    size, at = len(params), np.log(params)
    steps = np.eye(size) * STEP

    def f(shift: Array) -> float:
        return total(np.exp(at + shift))

    middle = f(np.zeros(size))
    up, down = (np.array([f(sign * steps[i]) for i in range(size)]) for sign in (1, -1))
    hessian = np.diag((up - 2 * middle + down) / STEP**2)
    for i in range(size):
        for j in range(i):
            both, none = f(steps[i] + steps[j]), f(-steps[i] - steps[j])
            hessian[i, j] = hessian[j, i] = (both - up[i] - up[j] + 2 * middle - down[i] - down[j] + none) / (2 * STEP**2)
    return (up - down) / (2 * STEP), hessian


def standard_errors(hessian: Array, params: Array) -> Array:
    """Return standard errors of the parameters from the Hessian in their logarithms; missing when the top is flat or no top."""
    try:
        variances = np.diag(np.linalg.inv(-hessian))
    except np.linalg.LinAlgError:
        return np.full(len(params), np.nan)
    return params * np.sqrt(np.where(variances > 0, variances, np.nan))
