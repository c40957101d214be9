"""Log lines without personal values: no tracebacks' texts, no query strings, no line breaks."""

import logging
import re
import traceback

QUERY = re.compile(r"\?[^\s\"']*")


class NoValues(logging.Filter):
    """Keeps where an error happened and of what type; drops what it said, for database errors quote values."""

    def filter(self, record):
        message = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            kind, _value, trace = record.exc_info
            frames = traceback.extract_tb(trace)[-6:]
            where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
            message = f"{message} [{kind.__module__}.{kind.__qualname__} at {where}]"
            record.exc_info = record.exc_text = None
        record.msg = QUERY.sub("?…", message).replace("\r", " ").replace("\n", " ")
        record.args = ()
        return True
