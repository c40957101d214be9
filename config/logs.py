"""Log lines without personal values: no tracebacks' texts, no query strings, no line breaks, no keys of feeds."""

import logging
import re
import traceback

QUERY = re.compile(r"\?[^\s\"']*")
# The address of a calendar feed is its key.
FEED = re.compile(r"(/calendar/)[^\s\"'?]+")
# Line breaks, and what a terminal would obey.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class NoValues(logging.Filter):
    """Keeps where an error happened and of what type; drops what it said, for database errors quote values."""

    def filter(self, record):
        message = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            kind, _value, trace = record.exc_info
            frames = traceback.extract_tb(trace)[-6:]
            where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
            message = f"{message} [{kind.__module__}.{kind.__qualname__} at {where}]"
        record.exc_info = record.exc_text = record.stack_info = None
        record.msg = CONTROL.sub(" ", FEED.sub(r"\1…", QUERY.sub("?…", message)))
        record.args = ()
        return True
