"""A blocker: what stands in the way of an act, and the norms it rests on."""

from typing import NamedTuple


class Blocker(NamedTuple):
    """`topic` names the norms (rows of the Norm table) that require it, those of `law` where one is named; `clause` is the operator's
    own policy, which may ask for more than the law; `field` is where the officer mends it.
    """

    code: str
    message: str
    topic: str = ""
    field: str = ""
    law: str = ""
    clause: str = ""
