//! Hyperparameter sweeps with no account, server or network: the command, the App for own algorithms, the parts.
