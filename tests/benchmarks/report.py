"""Figures of the benchmarks: one printed line each, and all of them in bench.json for whoever compares runs."""

import json
import os
import unicodedata
from pathlib import Path

NAME_WIDTH = 64
FIGURE_WIDTH = 12


def record(name, value, unit, target=None, at_least=True):
    """Prints a figure with its target and keeps it; returns what is kept. A figure of the same name takes the old one's place.

    `target` None: only told. `at_least` False: the figure is to stay at or below its target.
    """
    met = None if target is None else (value >= target if at_least else value <= target)
    figure = {"name": name, "value": round(value, 3), "unit": unit, "target": target, "met": met}
    print(_line(figure, at_least), flush=True)
    others = [each for each in kept() if each["name"] != name]
    fresh = path().with_suffix(".new")
    fresh.write_text(json.dumps([*others, figure], ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path())
    return figure


def path() -> Path:
    """bench.json in the folder that DATA_DIR names, ./var without it; BENCH_JSON names another file."""
    file = Path(os.environ.get("BENCH_JSON") or _FOLDER / "bench.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


# Settings of the tests give DATA_DIR another value: this one is the caller's.
_FOLDER = Path(os.environ.get("DATA_DIR") or "var").resolve()


def kept():
    try:
        return json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []


def _line(figure, at_least):
    mark = {True: "✓", False: "✗", None: " "}[figure["met"]]
    value = _number(figure["value"]).rjust(FIGURE_WIDTH)
    target = "" if figure["target"] is None else f"  ({'≥' if at_least else '≤'} {_number(figure['target'])})"
    return f"{mark} {_padded(figure['name'], NAME_WIDTH)} {value} {figure['unit']}{target}"


def _padded(text, width):
    """Wide and combining letters counted as a terminal shows them."""
    shown = sum(0 if unicodedata.combining(mark) else 1 for mark in text)
    return text + " " * max(0, width - shown)


def _number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}".rstrip("0").rstrip(".")
