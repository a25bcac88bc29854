"""Benchmarks beside other programs in one run: `python -m benchmarks`.

Nothing here is compared with a figure of another day or machine: every ratio is made of rounds that
took turns within seconds of each other.
"""
