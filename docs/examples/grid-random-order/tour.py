#!/usr/bin/env python3
"""A short round trip through the capitals of Europe, by simulated annealing.

It begins with a random order of the cities and changes it again and again. A change that makes the trip longer is kept, too, with
a probability that falls as the "temperature" does: so the search leaves bad corners at first and settles at last. How hot to
begin, how fast to cool and what to change are found by trying.
"""

import argparse
import json
import math
import os
import random

# Degrees north and east.
CAPITALS = {
    "Amsterdam": (52.37, 4.90), "Andorra la Vella": (42.51, 1.52), "Athens": (37.98, 23.73), "Belgrade": (44.82, 20.46),
    "Berlin": (52.52, 13.40), "Bern": (46.95, 7.45), "Bratislava": (48.15, 17.11), "Brussels": (50.85, 4.35),
    "Bucharest": (44.43, 26.10), "Budapest": (47.50, 19.04), "Chisinau": (47.01, 28.86), "Copenhagen": (55.68, 12.57),
    "Dublin": (53.35, -6.26), "Helsinki": (60.17, 24.94), "Kyiv": (50.45, 30.52), "Lisbon": (38.72, -9.14),
    "Ljubljana": (46.06, 14.51), "London": (51.51, -0.13), "Luxembourg": (49.61, 6.13), "Madrid": (40.42, -3.70),
    "Minsk": (53.90, 27.57), "Monaco": (43.74, 7.42), "Oslo": (59.91, 10.75), "Paris": (48.86, 2.35),
    "Podgorica": (42.43, 19.26), "Prague": (50.08, 14.44), "Reykjavik": (64.15, -21.94), "Riga": (56.95, 24.11),
    "Rome": (41.90, 12.50), "Sarajevo": (43.86, 18.41), "Skopje": (42.00, 21.43), "Sofia": (42.70, 23.32),
    "Stockholm": (59.33, 18.07), "Tallinn": (59.44, 24.75), "Tirana": (41.33, 19.82), "Vaduz": (47.14, 9.52),
    "Valletta": (35.90, 14.51), "Vienna": (48.21, 16.37), "Vilnius": (54.69, 25.28), "Warsaw": (52.23, 21.01),
    "Zagreb": (45.81, 15.98),
}  # fmt: skip
ROUNDS, CHANGES = 10, 3000  # the length is reported after each round of so many changes


def main():
    options = parse_options()
    rng = random.Random(options.seed)
    kilometers = distances(list(CAPITALS.values()))
    tour = list(range(len(CAPITALS)))
    rng.shuffle(tour)
    length = measured(tour, kilometers)
    temperature = options.start
    for number in range(1, ROUNDS + 1):
        for _ in range(CHANGES):
            changed = MOVES[options.move](tour, *sorted(rng.sample(range(len(tour)), 2)))
            longer = measured(changed, kilometers) - length
            if longer <= 0 or rng.random() < math.exp(-longer / temperature):
                tour, length = changed, length + longer
            temperature *= 1.0 - 10.0**-options.cooling
        report({"round": number, "kilometers": round(length, 1), "temperature": temperature})
    print(" - ".join(list(CAPITALS)[city] for city in tour))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--start", type=float, default=100.0, help="temperature at the beginning, in km")
    parser.add_argument("--cooling", type=float, default=3.0, help="each change cools by the factor 1 - 10^-COOLING")
    parser.add_argument("--move", choices=sorted(MOVES), default="swap")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


# What to change about a tour, at two places i < j.
MOVES = {
    "insert": lambda tour, i, j: tour[:i] + [tour[j]] + tour[i:j] + tour[j + 1 :],
    "reverse": lambda tour, i, j: tour[:i] + tour[i : j + 1][::-1] + tour[j + 1 :],
    "swap": lambda tour, i, j: tour[:i] + [tour[j]] + tour[i + 1 : j] + [tour[i]] + tour[j + 1 :],
}


def distances(places):
    """The way from each place to each, in km, on a sphere as large as the Earth."""
    points = [
        (math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north))
        for north, east in ((math.radians(a), math.radians(b)) for a, b in places)
    ]
    return [[2 * 6371.0 * math.asin(math.dist(a, b) / 2) for b in points] for a in points]


def measured(tour, kilometers):
    """The length of a round trip."""
    return sum(kilometers[a][b] for a, b in zip(tour, tour[1:] + tour[:1]))


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
