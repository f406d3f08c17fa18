"""Typical wrong answers to 07_shd_on_mnist."""

WRONG = {
    "ex1": [
        ("lr_c/every", "only one column"),
        ("lr_c/columns", "after `every` samples"),
        ("lr_c*columns/every", "wide layers faster"),
        ("every*columns/lr_c", "one over"),
        ("lr_c/(every*rows)", "`rows`"),
        ("2*lr_c/(every*columns)", "2 times the right"),
        ("-lr_c/(every*columns)", "wrong sign"),
    ],
    "ex2": [
        (256, "bias is a column"),
        (129, "every second sample"),
        (20, "rows are transferred"),
        (128, "bias is a column, too, and"),
        (2580, "has all rows in it"),
        (516, "twice"),
        (True, "True or False"),
    ],
    "ex3": [
        (-0.3, "sign"),
        (0.18, "that is the symmetry point"),
        (-1.0, "at a bound"),
        (0.6, "twice"),
        (13 / 7, "up step over the down step"),
        (0.3j, "complex"),
    ],
    "ex4": [("a", "largest of all"), ("b", "off like all others"), (3, "choose one of")],
}
