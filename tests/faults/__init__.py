"""Sessions in which things go wrong, drawn from a seed, and what must hold of every one of them.

``python -m tests.faults --seeds 1000`` tries many; a seed that fails is printed, and ``--seed``
plays it again.
"""
