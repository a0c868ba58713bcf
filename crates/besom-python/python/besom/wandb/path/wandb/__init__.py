"""Stands for W&B's client in programs that one under ``python -m besom.wandb`` has started; puts besom in its own place."""

import sys

import besom

del sys.modules["wandb"]
besom.install_as_wandb()
