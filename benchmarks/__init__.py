"""What the package costs, beside the ways that people write by hand: ratios from one run."""
