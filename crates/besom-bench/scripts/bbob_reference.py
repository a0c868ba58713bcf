"""Write tests/data/bbob.json: values of the 24 BBOB functions as COCO computes them.

    pip install coco-experiment==2.8.2 numpy && python crates/besom-bench/scripts/bbob_reference.py

Each line holds a function, a dimension, an instance, the optimum value and the values at three points: the middle of the
box, a random point inside it and one partly outside, where the boundary penalty acts. The points come from a formula that
tests/bbob.rs repeats, so that the file stays small.
"""
import json
import math
from pathlib import Path

from cocoex import BareProblem

FILE = Path(__file__).parent.parent / "tests/data/bbob.json"
INSTANCES = {2: [1, 2, 3, 7, 101], 3: [4], 5: [1, 2, 15], 10: [1, 5], 20: [1, 3], 40: [1, 2]}


def point(dimension, width, salt):
    """A quasi-random point in [-width, width]^dimension: multiples of square roots of 2, 3, 4 .., modulo 1."""
    coordinates = (math.sqrt(i + 2) * (salt + 0.5) % 1.0 for i in range(dimension))
    return [width * (2.0 * u - 1.0) for u in coordinates]


def row(function, dimension, instance):
    problem = BareProblem("bbob", function, dimension, instance)
    points = [[0.0] * dimension, point(dimension, 5.0, instance), point(dimension, 7.0, instance + 1)]
    return [function, dimension, instance, problem.best_value(), [float(problem(p)) for p in points]]


def main():
    rows = [row(f, d, i) for f in range(1, 25) for d, instances in INSTANCES.items() for i in instances]
    FILE.write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


if __name__ == "__main__":
    main()
