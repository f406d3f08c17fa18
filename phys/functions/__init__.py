"""Devices whose steps are Python functions, with or without numbers of their own."""
