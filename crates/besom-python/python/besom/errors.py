"""W&B's errors: programs that catch them catch besom's."""

from besom._besom import BesomError, StoreError

__all__ = ["AuthenticationError", "CommError", "Error", "UnsupportedError", "UsageError", "WandbCoreNotAvailableError"]

Error = UsageError = UnsupportedError = AuthenticationError = WandbCoreNotAvailableError = BesomError
CommError = StoreError
