"""Solutions of 05_pulses_in_time."""

SOLUTIONS = {
    # lr*d*x/dw_min.
    "ex1": 0.1 * 0.8 * 0.2 / 0.002,
    # Four sub-phases of ten slots of 8 ns.
    "ex2": 4 * 10 * 8,
    # 5 ns less (40 - 3) times 50 ps.
    "ex3": 5 - (40 - 3) * 0.05,
    # The missing part falls exponentially.
    "ex4": "1 - exp(-t/tau)",
}
