#!/usr/bin/env python3
"""Trains a small neural network on handwritten digits, with nothing but Python's standard library.

One hidden layer, softmax, cross entropy, minibatch gradient descent with momentum and weight decay. It is an ordinary
training program: hyperparameters are command-line options, and after each epoch it reports how it is doing. All that it
knows of besom is `report`.
"""

import argparse
import gzip
import json
import math
import os
import random
from operator import mul
from pathlib import Path

CLASSES = 10
SIDE = 8  # images are SIDE by SIDE pixels
BRIGHTEST = 16  # pixels are whole numbers from 0 to this


def main():
    options = parse_options()
    training, validation, test = load_digits(Path(__file__).with_name("digits.csv.gz"))
    rng = random.Random(options.seed)
    network = Network(options, rng)
    for epoch in range(1, options.epochs + 1):
        loss = train_one_epoch(network, training, options, rng)
        row = {"epoch": epoch, "loss": loss, "val_accuracy": accuracy(network, validation)}
        if epoch == options.epochs:
            # The sweep chooses by the validation images, so the best of many runs is a bit lucky on them. The test
            # images, which nothing was chosen by, tell how good the network really is.
            row["test_accuracy"] = accuracy(network, test)
        report(row)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--momentum", type=float, default=0.5)
    parser.add_argument("--weight_decay", type=float, default=1e-5)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=16, help="number of hidden units")
    parser.add_argument("--activation", choices=sorted(ACTIVATIONS), default="tanh")
    parser.add_argument("--shift", type=float, default=0.0, help="share of training images moved by a pixel")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="same options and seed: same result")
    return parser.parse_args()


def report(row):
    """Appends one line of JSON to the file that besom names; without besom, prints it."""
    line = json.dumps(row)
    path = os.environ.get("BESOM_METRICS")
    if path:
        with open(path, "a") as metrics:
            metrics.write(line + "\n")
    else:
        print(line, flush=True)


def load_digits(path):
    """Training (1,000), validation (400) and test images (397), each a list of (pixels between 0 and 1, digit)."""
    with gzip.open(path, "rt") as lines:
        rows = [[int(float(number)) for number in line.split(",")] for line in lines]
    images = [([pixel / BRIGHTEST for pixel in row[:-1]], row[-1]) for row in rows]
    # The file goes from writer to writer. Mixed, each part has digits of every writer, always the same ones.
    random.Random("split").shuffle(images)
    return images[:1000], images[1000:1400], images[1400:]


# Name -> (function, its derivative as a function of its *value*). `0.0 * z` and not just 0: NaN must stay NaN.
ACTIVATIONS = {
    "relu": (lambda z: z if z > 0 else 0.0 * z, lambda a: 1.0 if a > 0 else 0.0),
    "sigmoid": (lambda z: 0.5 + 0.5 * math.tanh(0.5 * z), lambda a: a * (1.0 - a)),
    "tanh": (math.tanh, lambda a: 1.0 - a * a),
}


class Network:
    """Weights of both layers, one row a unit; the last weight of a row is the bias. `speeds` are for momentum."""

    def __init__(self, options, rng):
        self.activation, self.derivative = ACTIVATIONS[options.activation]
        shapes = [(options.hidden, SIDE * SIDE), (CLASSES, options.hidden)]
        self.layers = [
            [[rng.gauss(0.0, 1.0 / math.sqrt(inputs)) for _ in range(inputs)] + [0.0] for _ in range(units)]
            for units, inputs in shapes
        ]
        self.speeds = [[[0.0] * len(row) for row in layer] for layer in self.layers]

    def forward(self, inputs):
        """What both layers put out for each input: hidden activities (with a 1 for the bias), class scores."""
        activation = self.activation
        hidden = [[activation(z) for z in row] + [1.0] for row in products(inputs, self.layers[0])]
        return hidden, products(hidden, self.layers[1])

    def gradients(self, inputs, digits):
        """The mean loss of a batch and its derivatives by the weights of both layers."""
        hidden, scores = self.forward(inputs)
        loss, errors = softmax_cross_entropy(scores, digits)
        output = products(transposed(errors), transposed(hidden))
        back = products(errors, transposed(self.layers[1])[:-1])
        derivative = self.derivative
        slopes = [[b * derivative(a) for a, b in zip(*rows)] for rows in zip(hidden, back)]
        return loss, [products(transposed(slopes), transposed(inputs)), output]

    def step(self, gradients, options):
        """One step of gradient descent."""
        rate, momentum, decay = options.learning_rate, options.momentum, options.weight_decay
        for layer, speeds, gradient in zip(self.layers, self.speeds, gradients):
            for i, (weights, speed, slope) in enumerate(zip(layer, speeds, gradient)):
                speeds[i] = [momentum * v - rate * (g + decay * w) for w, v, g in zip(weights, speed, slope)]
                layer[i] = [w + v for w, v in zip(weights, speeds[i])]


def products(rows, columns):
    """The matrix product of `rows` and the transpose of `columns`; all the time is spent here."""
    return [[sum(map(mul, row, column)) for column in columns] for row in rows]


def transposed(matrix):
    return list(zip(*matrix))


def softmax_cross_entropy(scores, digits):
    """The mean loss and its derivatives by the scores. NaN, which follows from a huge learning rate, stays NaN."""
    loss, errors = 0.0, []
    for row, digit in zip(scores, digits):
        highest = max(row)
        powers = [math.exp(score - highest) for score in row]
        total = sum(powers)
        loss += math.log(total) + highest - row[digit]
        error = [power / total / len(scores) for power in powers]
        error[digit] -= 1.0 / len(scores)
        errors.append(error)
    return loss / len(scores), errors


def train_one_epoch(network, images, options, rng):
    """Shows every image once, in random order; gives the mean loss."""
    order = rng.sample(images, len(images))
    losses = []
    for start in range(0, len(order), options.batch_size):
        batch = order[start : start + options.batch_size]
        inputs = [with_bias(moved(pixels, options.shift, rng)) for pixels, _ in batch]
        loss, gradients = network.gradients(inputs, [digit for _, digit in batch])
        network.step(gradients, options)
        losses.append(loss * len(batch))
    return sum(losses) / len(images)


def with_bias(pixels):
    return pixels + [1.0]


def moved(pixels, share, rng):
    """The image, or with probability `share` the image moved by one pixel left, right, up or down."""
    if rng.random() >= share:
        return pixels
    rows = [pixels[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    blank = [0.0] * SIDE
    direction = rng.choice("LRUD")
    if direction == "U":
        rows = rows[1:] + [blank]
    elif direction == "D":
        rows = [blank] + rows[:-1]
    elif direction == "L":
        rows = [row[1:] + [0.0] for row in rows]
    else:
        rows = [[0.0] + row[:-1] for row in rows]
    return [pixel for row in rows for pixel in row]


def accuracy(network, images):
    """The share of images whose digit gets the highest score."""
    _, scores = network.forward([with_bias(pixels) for pixels, _ in images])
    right = sum(row.index(max(row)) == digit for row, (_, digit) in zip(scores, images))
    return right / len(images)


if __name__ == "__main__":
    main()
