"""Stands for a training: a loss that falls with each epoch, faster and lower for good parameters."""
import sys

import os
import time

args = dict(arg.removeprefix("--").split("=") for arg in sys.argv[1:])
rate, width = float(args["rate"]), int(args["width"])
for epoch in range(1, 11):
    loss = abs(width - 5) / 10 + (1 - rate) ** epoch
    with open(os.environ["BESOM_METRICS"], "a") as metrics:
        metrics.write(f'{{"loss": {loss}}}\n')
    time.sleep(0.02)
