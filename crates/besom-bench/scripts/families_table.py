"""Trains five families of classifiers on data sets of scikit-learn, and writes how many held-out examples each gets right.

    python families_table.py >../data/families.json         (scikit-learn, numpy, scipy; about ten minutes of CPU)

Each family has two parameters, trained on a grid of 17 by 17 values. The suite `families` looks results up here, so that a run is a real
training and takes no time.
"""
import json
import sys
import warnings

import numpy as np
from scipy.spatial.distance import cdist
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

SIZE = 17
# Family -> its parameters, each with its range; all on a log scale.
FAMILIES = {
    "svm": [("svm_c", 1e-3, 1e3), ("svm_gamma", 1e-6, 10.0)],
    "knn": [("knn_k", 1.0, 80.0), ("knn_p", 1.0, 5.0)],
    "sgd": [("sgd_alpha", 1e-7, 1.0), ("sgd_eta", 1e-5, 10.0)],
    "forest": [("forest_features", 0.05, 1.0), ("forest_leaf", 1.0, 40.0)],
    "mlp": [("mlp_rate", 1e-4, 1.0), ("mlp_alpha", 1e-6, 10.0)],
}


# Data set -> how many examples are for training, and how many splits there are.
DATA = {"digits": (898, 1), "digits_few": (150, 1), "breast_cancer": (60, 5), "wine": (24, 5), "diabetes": (100, 5)}


def data(name, split):
    """Training and held-out examples, standardized."""
    if name == "diabetes":  # whether the disease progresses more than in half of the patients
        x, y = datasets.load_diabetes(return_X_y=True)
        y = (y > np.median(y)).astype(int)
    else:
        x, y = getattr(datasets, "load_" + name.removesuffix("_few"))(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(x, y, train_size=DATA[name][0], stratify=y, random_state=split)
    scaler = StandardScaler().fit(train_x)
    return scaler.transform(train_x), train_y, scaler.transform(test_x), test_y


def model(family, a, b):
    if family == "svm":
        return SVC(C=a, gamma=b)
    if family == "sgd":
        return SGDClassifier(loss="log_loss", alpha=a, learning_rate="constant", eta0=b, max_iter=15, tol=None, random_state=0)
    if family == "forest":
        return RandomForestClassifier(16, max_features=a, min_samples_leaf=round(b), random_state=0)
    return MLPClassifier((32,), learning_rate_init=a, alpha=b, max_iter=20, batch_size=64, tol=0, random_state=0)


def right(name, family, split):
    """How many held-out examples are right, for each value of the first parameter and each of the second."""
    train_x, train_y, test_x, test_y = data(name, split)
    first, second = (np.geomspace(low, high, SIZE) for _, low, high in FAMILIES[family])

    def score(classifier, x, held_out):
        return int((classifier.fit(x, train_y).predict(held_out) == test_y).sum())

    if family != "knn":
        return np.array([[score(model(family, a, b), train_x, test_x) for b in second] for a in first])
    near = [(cdist(train_x, train_x, "minkowski", p=p), cdist(test_x, train_x, "minkowski", p=p)) for p in second]
    neighbors = [min(round(k), len(train_y)) for k in first]
    return np.array([[score(KNeighborsClassifier(k, metric="precomputed"), *pair) for pair in near] for k in neighbors])


def table(name, family):
    rows = sum(right(name, family, split) for split in range(DATA[name][1]))
    print(name, family, "best", rows.max(), "median", np.median(rows), file=sys.stderr, flush=True)
    return rows.tolist()


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    out = {}
    for name in sys.argv[1:] or DATA:
        examples = sum(len(data(name, split)[3]) for split in range(DATA[name][1]))
        out[name] = {"examples": examples, "right": {family: table(name, family) for family in FAMILIES}}
    rows = json.dumps({"families": FAMILIES, "data": out}, separators=(",", ":"))
    print(rows.replace("]],", "]],\n").replace("],[", "],\n["))


if __name__ == "__main__":
    main()
