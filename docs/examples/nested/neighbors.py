#!/usr/bin/env python3
"""Reads handwritten digits by their nearest neighbors; its parameters come nested, as one JSON text.

    python3 neighbors.py '{"image": {"levels": 17}, "vote": {"k": 3, "weight": {"power": 1.0}}, "distance": {"power": 2.0}}'

Nothing is trained. A digit is read by looking up the `vote.k` most similar of 1,000 known images, each of which has a vote that
weighs the less, the further away it is.
"""

import gzip
import json
import os
import random
import sys
from collections import Counter
from heapq import nsmallest
from operator import sub
from pathlib import Path

BRIGHTEST = 16  # pixels are whole numbers from 0 to this
KNOWN, ASKED = 1000, 300  # images that are known, and that are read


def main():
    # Or json.load(open(os.environ["BESOM_PARAMS"])), which needs no ${args_json} in the sweep file.
    parameters = json.loads(sys.argv[1])
    images = [(coarser(pixels, parameters["image"]["levels"]), digit) for pixels, digit in load_digits()]
    known, asked = images[:KNOWN], images[KNOWN : KNOWN + ASKED]
    wrong = sum(read(pixels, known, parameters) != digit for pixels, digit in asked)
    report({"error": wrong / len(asked)})


def load_digits():
    """(pixels, digit) of each image, in an order that is mixed and always the same."""
    path = Path(__file__).parent.parent / "digits" / "digits.csv.gz"
    with gzip.open(path, "rt") as lines:
        rows = [[int(number) for number in line.split(",")] for line in lines]
    random.Random("split").shuffle(rows)
    return [(row[:-1], row[-1]) for row in rows]


def coarser(pixels, levels):
    """The image with so many levels of gray: 2 is black and white, 17 is all there are."""
    step = BRIGHTEST / (levels - 1)
    return [round(round(pixel / step) * step) for pixel in pixels]


def read(pixels, known, parameters):
    """The digit with the most votes."""
    power = parameters["distance"]["power"]
    # |a - b| to the power for all differences there are; those below 0 index the list from its end.
    costs = [abs(d) ** power for d in [*range(BRIGHTEST + 1), *range(-BRIGHTEST, 0)]]
    distances = ((sum(map(costs.__getitem__, map(sub, pixels, other))), digit) for other, digit in known)
    votes = Counter()
    for distance, digit in nsmallest(parameters["vote"]["k"], distances):
        votes[digit] += (1.0 + distance ** (1.0 / power)) ** -parameters["vote"]["weight"]["power"]
    return votes.most_common(1)[0][0]


def report(row):
    """Appends one line of JSON to the file that besom names; without besom, prints it."""
    line = json.dumps(row)
    path = os.environ.get("BESOM_METRICS")
    if path:
        with open(path, "a") as metrics:
            metrics.write(line + "\n")
    else:
        print(line, flush=True)


if __name__ == "__main__":
    main()
