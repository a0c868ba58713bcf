#!/usr/bin/env python3
"""How far a growth curve is from a culture of yeast, measured each hour (Carlson, 1913).

The curve is `capacity / (1 + exp(-rate * (hour - middle)))`; its three numbers are the parameters.
"""

import argparse
import json
import math
import os

YEAST = [9.6, 18.3, 29.0, 47.2, 71.1, 119.1, 174.6, 257.3, 350.7, 441.0, 513.3, 559.7, 594.8, 629.4, 640.8, 651.1, 655.9, 659.6, 661.8]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--capacity", type=float, default=500.0, help="where the culture ends")
    parser.add_argument("--rate", type=float, default=1.0, help="growth per hour while there is room")
    parser.add_argument("--middle", type=float, default=9.0, help="the hour at half of the capacity")
    options = parser.parse_args()
    squares = (
        (options.capacity / (1.0 + math.exp(-options.rate * (hour - options.middle))) - mass) ** 2
        for hour, mass in enumerate(YEAST)
    )
    report({"error": math.sqrt(sum(squares) / len(YEAST))})


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
