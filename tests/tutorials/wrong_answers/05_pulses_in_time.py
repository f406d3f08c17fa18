"""Typical wrong answers to 05_pulses_in_time."""

WRONG = {
    "ex1": [
        (0.1 * 0.8 * 0.2, "divide by the nominal step"),
        (8 / 31, "in each slot"),
        (8 * 31, "in the probabilities already"),
        ("8", "quotation marks"),
    ],
    "ex2": [
        (80, "one sub-phase"),
        (160, "one sign"),
        (4 * 10 * 8 * 785, "too large"),
        (4 * 10 * 8 * 256 / 2, "rows are pulsed"),
        (10 * 8 * 256 * 785, "devices are pulsed"),
        (4 * 10 * 5, "slot is longer"),
    ],
    "ex3": [
        (37 * 0.05, "what is left"),
        (5 - 43 * 0.05, "not into the sum"),
        (5 - 40 * 0.05, "way of its own"),
        (3150, "picoseconds"),
    ],
    "ex4": [
        ("exp(-t/tau)", "still missing"),
        ("t/tau", "short times"),
        ("1 - exp(-t*tau)", "divides the time"),
        ("1 - exp(-t/rho)", "`rho`"),
    ],
}
