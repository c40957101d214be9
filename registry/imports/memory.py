"""The garbage collector during an import: what a row is made of holds no cycles, so there is little for it to find."""

import gc
from contextlib import contextmanager

NORMAL = gc.get_threshold()
# By default it looks after every 700 objects, which took a third of the time of a plan.
SELDOM = (50_000, 20, 100)


@contextmanager
def seldom_collected():
    """What is there already is left out, and what is new is looked through now and then: memory stays flat.

    A web process is frozen from its beginning, and stays so.
    """
    was_frozen = gc.get_freeze_count() > 0
    if not was_frozen:
        gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*NORMAL)
        if not was_frozen:
            gc.unfreeze()
