"""How a second process sends what it makes: the next answer is made while one is on its way, and no more than one."""

import multiprocessing
import threading

import pytest

from registry.imports.second_process import one_ahead

LARGE = b"x" * (4 << 20)  # more than any pipe holds: whoever sends it waits until it is read
WAITS_SECONDS = 0.2


@pytest.fixture
def ends():
    reader, writer = multiprocessing.get_context("spawn").Pipe()
    with reader, writer:
        yield reader, writer


def test_next_answer_is_made_while_one_is_on_its_way(ends):
    reader, writer = ends
    second_is_sent = threading.Event()

    def answers():
        with one_ahead(writer) as send:
            send(LARGE)
            send(LARGE)
            second_is_sent.set()
            send(None)

    thread = threading.Thread(target=answers)
    thread.start()
    assert not second_is_sent.wait(WAITS_SECONDS), "two of them were on their way"
    assert reader.recv() == LARGE
    assert second_is_sent.wait(60), "the second one had to be read before it was on its way"
    assert (reader.recv(), reader.recv()) == (LARGE, None)
    thread.join()


def test_whoever_makes_answers_hears_that_nobody_reads_them(ends):
    reader, writer = ends
    reader.close()
    with pytest.raises(OSError), one_ahead(writer) as send:
        send(LARGE)
        send(LARGE)


def test_answer_on_its_way_arrives_though_the_next_one_fails(ends):
    reader, writer = ends
    read = []
    thread = threading.Thread(target=lambda: read.append(reader.recv()))
    with pytest.raises(ZeroDivisionError), one_ahead(writer) as send:
        send(LARGE)
        thread.start()
        raise ZeroDivisionError
    thread.join()
    assert read == [LARGE]


def test_answer_that_cannot_be_sent_is_an_error(ends):
    _reader, writer = ends
    with pytest.raises(AttributeError, match="pickle"), one_ahead(writer) as send:
        send(lambda: None)
