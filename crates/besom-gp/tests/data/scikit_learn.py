"""Make scikit_learn.json: joint posteriors by scikit-learn's GaussianProcessRegressor, with fixed hyperparameters.

    pip install scikit-learn && python scikit_learn.py > scikit_learn.json
"""

import json

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

NUGGET = 1e-6
KERNELS = {
    "matern12": lambda scales: Matern(scales, nu=0.5),
    "matern32": lambda scales: Matern(scales, nu=1.5),
    "matern52": lambda scales: Matern(scales, nu=2.5),
    "rbf": RBF,
}


def case(name, n, d, seed):
    rng = np.random.default_rng(seed)
    x = np.round(rng.uniform(-3.0, 40.0, (n, d)), 3)
    y = np.round(1000.0 + 50.0 * np.sin(x[:, 0] / 9.0) + rng.normal(0.0, 4.0, n), 3)
    points = np.round(rng.uniform(-5.0, 45.0, (6, d)), 3)
    scales = [0.2 + 0.3 * k for k in range(d)]
    signal, noise = 1.3, 0.02
    low, span = x.min(axis=0), np.ptp(x, axis=0)
    # The second constant is the prior variance of the mean, integrated out.
    kernel = ConstantKernel(signal) * KERNELS[name](scales) + ConstantKernel(1.0)
    model = GaussianProcessRegressor(kernel, alpha=noise + NUGGET, optimizer=None, normalize_y=True)
    mean, covariance = model.fit((x - low) / span, y).predict((points - low) / span, return_cov=True)
    return {
        "kernel": name,
        "x": x.tolist(),
        "y": y.tolist(),
        "length_scales": scales,
        "signal_variance": signal,
        "noise_variance": noise,
        "points": points.tolist(),
        "mean": mean.tolist(),
        "covariance": covariance.tolist(),
    }


CASES = [("matern12", 7, 1), ("matern32", 12, 2), ("matern52", 40, 3), ("rbf", 9, 2)]
print(json.dumps([case(*shape, seed) for seed, shape in enumerate(CASES)], indent=1))
