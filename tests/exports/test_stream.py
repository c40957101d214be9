"""Files that stream out end in a line that counts and hashes what stands before it."""

import csv
import hashlib
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from registry.exports.formulas import Phone
from registry.exports.stream import CHUNK_BYTES, csv_cell, csv_file, csv_line, json_file


def test_csv_is_whole_with_its_trailer():
    """A CSV says what it is, names its columns, gives its rows and closes with count and digest."""
    rows = [[Phone("+77077356312"), "=1"], ["", 'a "b",\nc']]
    sealed = csv_file([["register", "lapp"]], ["phone", "note"], rows)
    body = '\ufeffregister,lapp\r\nphone,note\r\n+77077356312,\'=1\r\n,"a ""b"",\nc"\r\n'.encode()
    digest = hashlib.sha256(body).hexdigest()
    assert b"".join(sealed) == body + f"#end,rows,2,sha256,{digest}\r\n".encode()
    assert (sealed.count, sealed.digest) == (2, digest)


def test_json_is_whole_with_its_trailer():
    """A JSON file is one object whose last line counts and hashes the lines before it."""
    sealed = json_file({"operator": "lapp"}, "rows", [{"a": 1}, {"a": "Қ"}])
    body = '{"operator":"lapp",\n"rows":[\n{"a":1},\n{"a":"Қ"}\n],\n'.encode()
    digest = hashlib.sha256(body).hexdigest()
    whole = b"".join(sealed)
    assert whole == body + f'"end":{{"count":2,"sha256":"{digest}"}}}}\n'.encode()
    assert json.loads(whole)["rows"] == [{"a": 1}, {"a": "Қ"}]


def test_empty_files_are_whole_too():
    """A register without a row is still a whole file."""
    assert json.loads(b"".join(json_file({}, "rows", [])))["end"]["count"] == 0
    rows = list(csv.reader(io.StringIO(b"".join(csv_file([], ["a"], [])).decode("utf-8-sig"))))
    assert rows[0] == ["a"]
    assert rows[1][:3] == ["#end", "rows", "0"]


def test_rows_are_taken_as_the_file_goes_out():
    """A big export never stands in memory whole: rows are read as chunks leave."""
    taken = []

    def rows():
        for number in range(10000):
            taken.append(number)
            yield [number, "x" * 100]

    chunks = iter(csv_file([], ["n", "x"], rows()))
    first = next(chunks)
    assert CHUNK_BYTES <= len(first) < CHUNK_BYTES + 200
    assert len(taken) < 1000
    assert sum(len(chunk) for chunk in chunks) > 900_000


@given(st.lists(st.one_of(st.text(alphabet="a'=+-@,;\"\r\n\t ＝7Қ", max_size=6), st.integers(), st.none()), min_size=2))
def test_cells_make_the_line_they_make_together(cells):
    """A line put together of single cells is the line that is written at once."""
    assert ",".join(map(csv_cell, cells)) + "\r\n" == csv_line(cells)
