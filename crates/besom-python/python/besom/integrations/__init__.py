"""besom's search and stopping inside other tools: :mod:`besom.integrations.optuna`, :mod:`besom.integrations.ray`."""
