"""The exercises and predictions of the notebooks, one module each: EXERCISES and PREDICTIONS."""
