"""W&B's errors: programs that catch them catch besom's."""

from besom._besom import BesomError, StoreError

__all__ = ["AuthenticationError", "CommError", "Error", "UsageError"]

Error = UsageError = AuthenticationError = BesomError
CommError = StoreError
