"""How much of an import one transaction writes: much where nobody else is about, little where somebody waits for it to end."""

import time
from math import inf

# So many chunks are made together, and written in one transaction while nobody else writes.
TOGETHER = 4
# So long after somebody else wrote each chunk is a transaction of its own: whoever opened a page opens another one soon.
COMPANY_SECONDS = 10


class Pace:
    """Of one run. Every page that shows a person writes an entry: where others' stand between two of the run's own, somebody is about."""

    def __init__(self):
        self.last_seq, self.company_at = None, -inf

    def of(self, together):
        """Lists of these chunks, a transaction each."""
        return [[chunk] for chunk in together] if self.is_in_company() else [together]

    def is_in_company(self):
        return time.monotonic() < self.company_at + COMPANY_SECONDS

    def wrote(self, unit):
        if unit.last_seq is None:
            return
        if self.last_seq not in (None, unit.first_seq - 1):
            self.company_at = time.monotonic()
        self.last_seq = unit.last_seq
