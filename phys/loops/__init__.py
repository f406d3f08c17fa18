"""The loops that numba compiles, written to be read: lines, arrays, reads, layers and trainings."""
