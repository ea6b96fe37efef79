"""Running a plan: many requests at once, in order, each with an outcome."""
