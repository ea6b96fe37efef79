"""Benchmarks of tickframe against other packages and code written by hand."""
