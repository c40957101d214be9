"""Findings about operations, on plain values."""

import pytest

from registry.rules.findings import operation_findings


@pytest.mark.parametrize(
    ("operations", "publishes", "codes"),
    [
        ("collection storage", False, ["operation-not-listed"]),
        ("collection transfer", False, []),
        ("collection provision", False, []),
        ("collection access", False, []),
        ("collection distribution", False, []),
        ("collection transfer", True, ["operation-not-listed"]),
        ("collection distribution", True, []),
    ],
)
def test_giving_and_publishing_are_listed_operations(operations, publishes, codes):
    """Each law has its word for passing on; what is public is distributed."""
    found = operation_findings("Sales", frozenset(operations.split()), publishes=publishes)
    assert [each.code for each in found] == codes
