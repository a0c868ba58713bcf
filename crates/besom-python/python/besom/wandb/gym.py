"""What ``wandb.gym`` has."""

from besom import _media

__all__ = ["monitor"]


def monitor() -> None:
    """Do nothing: besom keeps no videos."""
    _media.keeps_no("videos of gym")
