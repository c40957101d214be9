"""Every way to a person's data, drawn and taken: what tests/test_block_matrix.py tries while a block stands, and how it is found.

A route is a generator over a world with one person: up to its `yield` it draws what it needs, as an officer opens a form; then the
block falls; then it acts. It may yield whether the person's data came through; otherwise the person's records tell.
"""
