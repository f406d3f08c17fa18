"""Solutions of 07_shd_on_mnist."""

SOLUTIONS = {
    # In every*columns samples each column moves once by lr_c*(A - r).
    "ex1": "lr_c/(every*columns)",
    # 128 inputs and a bias, two samples each.
    "ex2": 2 * 129,
    # G = (0.7 - 1.3)/2 and F = (0.7 + 1.3)/2 at weight 0.
    "ex3": 0.3,
    # Probabilities and wanted values both add up to 1.
    "ex4": "c",
}
