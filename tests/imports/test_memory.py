"""The garbage collector is as it was before an import."""

import gc

import pytest

from registry.imports.memory import seldom_collected


@pytest.fixture
def thawed():
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("frozen", [False, True])
def test_import_leaves_the_collector_as_it_found_it(frozen, thawed):
    """A web process is frozen from its beginning; an import within it does not thaw it."""
    if frozen:
        gc.freeze()
    before = gc.get_threshold()
    with pytest.raises(RuntimeError), seldom_collected():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() > before
        raise RuntimeError
    assert (gc.get_freeze_count() > 0, gc.get_threshold()) == (frozen, before)
