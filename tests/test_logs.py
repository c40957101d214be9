"""Log lines say where and of what type an error was, never what a person is called."""

import io
import logging
import logging.config

import pytest
from django.conf import settings
from django.utils.log import DEFAULT_LOGGING

LOGGERS = ["django.request", "django.server", "django.db.backends", "registry.admin.acts", "gunicorn.error"]


@pytest.fixture
def lines(monkeypatch):
    """What is printed, with logging set up as at a start: Django’s own settings first, then ours."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    logging.config.dictConfig(DEFAULT_LOGGING)
    logging.getLogger("gunicorn.error").addHandler(logging.StreamHandler(out))
    logging.config.dictConfig(settings.LOGGING)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)
    yield lambda: out.getvalue().splitlines()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    monkeypatch.undo()
    logging.config.dictConfig(settings.LOGGING)


def fail(surname):
    raise ValueError(f"duplicate key: {surname}")


@pytest.mark.parametrize("name", LOGGERS)
def test_error_leaves_its_type_and_place_only(lines, name):
    """Neither the message of an error, nor that of the one behind it, nor what a function held is printed."""
    logger = logging.getLogger(name)
    try:
        try:
            fail("Ахметова")
        except ValueError as error:
            raise RuntimeError("failed for Ахметова") from error
    except RuntimeError:
        logger.exception("Internal Server Error: %s", "/registry/datasubject/", stack_info=True)
    (line,) = lines()
    assert f"ERROR {name} Internal Server Error: /registry/datasubject/ [builtins.RuntimeError at " in line
    assert "test_error_leaves_its_type_and_place_only" in line
    assert "Ахметова" not in line
    assert "duplicate key" not in line


@pytest.mark.parametrize("name", LOGGERS)
def test_query_string_is_not_printed(lines, name):
    """What was typed into an address is cut off."""
    logging.getLogger(name).info('"%s" %s %s', "GET /registry/purpose/?q=Ахметова&p=2 HTTP/1.1", "200", "17")
    (line,) = lines()
    assert line.endswith(f'INFO {name} "GET /registry/purpose/?… HTTP/1.1" 200 17')


@pytest.mark.parametrize("name", LOGGERS)
@pytest.mark.parametrize("between", ["\n", "\r\n", "\r", "\x0b", "\x1b[2J", "\x85", "\u2028"])
def test_nobody_writes_lines_of_his_own(lines, name, between):
    """A line break in an address begins no line, and nothing in it commands the terminal."""
    logging.getLogger(name).warning("Not Found: %s", f"/x{between}2026-01-01 INFO forged")
    (line,) = lines()
    assert "Not Found: /x " in line
    assert line.endswith("2026-01-01 INFO forged")
    assert "\x1b" not in line


def test_lines_are_printed_by_one_handler(lines):
    """Whoever logs, it goes through the one handler that drops values."""
    logging.config.dictConfig(settings.LOGGING)
    for name in ["", *LOGGERS]:
        logger, handlers = logging.getLogger(name or None), []
        while logger:
            handlers += logger.handlers
            logger = logger.parent if logger.propagate else None
        ours = [handler for handler in handlers if not type(handler).__module__.startswith("_pytest")]
        assert [[each.__class__.__name__ for each in handler.filters] for handler in ours] == [["NoValues"]], name
