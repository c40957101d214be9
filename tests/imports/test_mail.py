"""Reading a message: whatever anybody sends is read as far as it can be, in little time, and nothing of it is run or loaded."""

import base64
import os
import time

import pytest

from registry.imports import mail
from registry.imports.mail import digest_of, read, same_id
from registry.imports.mail_text import decoded, header_text, own_words, text_of_html, unflowed

RUSSIAN = "Прошу исправить мою фамилию."
KAZAKH = "Дербес деректерімді жоюды сұраймын, әйтпесе шағымданамын."
HEAD = b"From: a@b.kz\r\nMessage-ID: <1@b.kz>\r\n"


@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r", "iso8859-5", "cp866"])
@pytest.mark.parametrize("declared", ["as it is", "", "us-ascii", "iso-8859-1", "x-martian"])
def test_russian_text_is_read_in_whatever_encoding(charset, declared):
    """Declared, not declared, or declared as what it cannot be; what was guessed is said so."""
    text, guessed = decoded(RUSSIAN.encode(charset), charset if declared == "as it is" else declared)
    assert text == RUSSIAN
    assert guessed is (declared != "as it is" and (charset, declared) != ("utf-8", ""))


@pytest.mark.parametrize("text", ["ОТЗЫВ СОГЛАСИЯ", "Отзыв", "«Жалоба» — № 5"])
@pytest.mark.parametrize("charset", ["cp1251", "koi8-r", "iso8859-5"])
def test_short_and_loud_texts_are_guessed_right(text, charset):
    """A subject line is short, and some people write in capitals."""
    text = text.encode(charset, "ignore").decode(charset)
    assert decoded(text.encode(charset))[0] == text


def test_kazakh_text_is_read_in_its_own_encodings():
    """KZ-1048, under its name or none."""
    assert decoded(KAZAKH.encode("kz1048"), "KZ-1048") == (KAZAKH, False)
    assert decoded(KAZAKH.encode("kz1048")) == (KAZAKH, True)


def test_text_that_was_encoded_twice_is_turned_back():
    """A program on the way took UTF-8 for cp1251."""
    assert decoded(RUSSIAN.encode().decode("cp1251").encode(), "utf-8")[0] == RUSSIAN
    assert decoded("café".encode("iso-8859-1"), "iso-8859-1") == ("café", False)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?q?a=0D=0ABcc:_all@b.kz?=", "a Bcc: all@b.kz"),
        ("a\r\n b\r\n\tc", "a b c"),
        ("=?utf-8?B?0J7RgtC30YvQsg==?= of =?koi8-r?Q?=F3?=", "Отзыв of С"),
        ("=?utf-8?B?0J7RgtC30YvQsg?=", "Отзыв"),  # without its padding
        ("=?utf-8?B?!!!?= x", "x"),
        ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("=?hex?Q?x?=", "x"),
        ("\u202eabc\u0000\u0007", "abc"),
        ("", ""),
    ],
)
def test_header_is_one_line_of_plain_text(raw, text):
    """No line break, no control, nothing that turns the text round."""
    assert header_text(raw)[0] == text


def test_page_gives_its_text_only():
    """Scripts, styles, comments and pictures are not text; blanks are as a browser shows them."""
    page = """<!doctype html><html><head><title>no</title><style>p {}</style></head>
        <body onload="x()"><!-- no <p>no</p> --><p>One   two&nbsp;&amp; three</p><script>no < no</script>
        <img src="http://x.example/t.gif" alt="no"><div>four<br>five</div><svg/>six</body></html>"""
    assert text_of_html(page) == "One two & three\n\nfour\nfive\nsix"
    assert text_of_html("<p>open <b>and never closed") == "open and never closed"
    assert text_of_html("1 < 2 and <!-- never closed") == "1 < 2 and never closed"


def test_flowed_lines_are_joined_and_quotes_are_not():
    """format=flowed: a blank at the end of a line means that it goes on."""
    text = "Please \ncorrect.\n> quoted \n> text \nmine\n-- \nName"
    assert unflowed(text) == "Please correct.\n> quoted \n> text \nmine\n-- \nName"
    assert unflowed("de \nrek", delete_space=True) == "derek"


@pytest.mark.parametrize(
    "quoted",
    [
        "> old",
        "-- \nName",
        "-----Original Message-----\nold",
        "---- Пересылаемое сообщение ----\nold",
        "On Mon, 6 Apr 2026 at 10:00, A <a@b.kz> wrote:\nold",
        "06.04.2026 10:00, Әсем пишет:\nold",
        "From: A\nSent: Monday\nold",
        "От: A\nОтправлено: 6 апреля\nold",
        "Кімнен: A\nКүні: 6 сәуір\nold",
    ],
)
def test_words_are_those_of_the_sender(quoted):
    """What is quoted below was said by somebody else; a message of nothing else is read whole."""
    assert own_words(f"New words.\n\n{quoted}") == "New words."
    assert own_words("> only\n> quoted") == "> only\n> quoted"


def test_same_message_has_the_same_digest_by_whatever_way_it_came():
    """Line ends and what servers add do not matter; a word of the text, the subject line or the sender does."""
    raw = HEAD + b"Subject: x\r\n\r\none\r\ntwo\r\n"
    assert digest_of(raw) == digest_of(
        b"Received: by mx; now\nReturn-Path: <a@b.kz>\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    )
    others = [raw.replace(b"two", b"three"), raw.replace(b": x", b": y"), raw.replace(b"a@b.kz\r\nM", b"c@b.kz\r\nM")]
    assert len({digest_of(each) for each in [raw, *others]}) == 4
    assert all(digest_of(each).startswith(same_id("<1@b.kz>")) for each in [raw, *others])
    assert not digest_of(raw.replace(b"<1@", b"<2@")).startswith(same_id("<1@b.kz>"))


@pytest.mark.parametrize(
    ("line", "sender"),
    [
        ("Asem <Asem@Example.KZ>", "Asem@example.kz"),
        ("=?utf-8?Q?boss=40lapp.kz?= <stranger@example.org>", "stranger@example.org"),
        ("a@b.kz, c@d.kz", ""),
        ("undisclosed", ""),
        ("<>", ""),
        ("(" * 5000, ""),
        ('"a@b.kz" <c@d.kz>', "c@d.kz"),
        ("=?utf-8?Q?a=40b=2Ekz?=", ""),
    ],
)
def test_sender_is_the_one_address_of_from(line, sender):
    """A name may look like an address; two addresses are nobody's."""
    said = read(f"From: {line}\r\n\r\nx".encode())
    assert said.sender == sender
    assert bool(sender) is not any("names no sender" in each for each in said.remarks)


def nested(count):
    return b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (each, each) for each in range(count))


HOSTILE = {
    "nothing": b"",
    "noise": os.urandom(200_000),
    "zeros": bytes(100_000),
    "headers without end": HEAD + b"X: y\n" * 100_000,
    "a header of five megabytes": HEAD + b"Subject: " + b"=?utf-8?q?x?= " * 400_000 + b"\n\nx",
    "a content type of half a megabyte": HEAD + b"Content-Type: text/plain" + b"; a=b" * 100_000 + b"\n\nx",
    "a name in twenty thousand pieces": HEAD
    + b"Content-Type: text/plain"
    + b"".join(b"; name*%d=b" % each for each in range(20_000))
    + b"\n\nx",
    "parts without content": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 200_000,
    "a thousand levels": HEAD + nested(1000) + b"\nx",
    "messages in messages": HEAD + b"Content-Type: message/rfc822\n\n" * 1000 + b"\nx",
    "a page of openings": HEAD + b"Content-Type: text/html\n\n" + b"<a " * 300_000,
    "a page of comments": HEAD + b"Content-Type: text/html\n\n" + b"<!--" * 250_000,
    "a page of ampersands": HEAD + b"Content-Type: text/html\n\n" + b"&#x" * 300_000,
    "broken base64": HEAD + b"Content-Transfer-Encoding: base64\n\n!!!!" + b"A" * 99_999,
    "broken uuencode": HEAD + b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\nnonsense\nend\n",
    "another encoding of the way": HEAD + b"Content-Transfer-Encoding: x-martian\n\nx",
    "a broken charset parameter": HEAD + b"Content-Type: text/plain; charset*0*=utf'; charset*=%FF''%FF\n\nx",
    "half of a pair": HEAD + b"Content-Type: text/plain; charset=utf-7\n\n+2AA-",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_is_sent_stops_the_reading(name):
    """It is read as far as it goes, within seconds, and the text is one that every database keeps."""
    began = time.monotonic()
    said = read(HOSTILE[name])
    assert time.monotonic() - began < 20
    for text in (said.subject, said.text, said.words, said.sender_name, *(each.name for each in said.attached)):
        text.encode()
        assert "\0" not in text
    assert len(said.digest) == 64


def test_beginning_of_a_very_large_message_is_read(monkeypatch):
    """The rest of it is kept, and it is said."""
    monkeypatch.setattr(mail, "READ_BYTES", 1000)
    said = read(HEAD + b"\r\n" + b"words " * 1000)
    assert "The message is very large: only its beginning was taken apart. All of it is kept." in said.remarks
    assert said.text.startswith("words words")


def test_parts_beyond_a_thousand_are_left_in_the_message(monkeypatch):
    """Nobody reads so many."""
    monkeypatch.setattr(mail, "MOST_PARTS", 3)
    body = b"".join(b"--b\n\nx\n" for _each in range(5))
    said = read(HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + body + b"--b--")
    assert "The message has more than 3 parts: the others were not looked at. All of it is kept." in said.remarks
    assert said.text == "x\n\nx\n\nx"


def test_long_text_is_given_in_part():
    """A hundred thousand characters; the rest is in what is kept."""
    said = read(HEAD + b"\n" + b"x" * 150_000)
    assert len(said.text) == 100_000
    assert "The text is longer than 100000 characters: its beginning is given. All of it is kept." in said.remarks


def test_names_of_attachments_are_read_like_headers():
    """In both of the ways there are, and without a line break."""
    encoded = base64.b64encode("Өтініш.pdf".encode()).decode()
    for said in (f'filename="=?utf-8?B?{encoded}?="', "filename*=utf-8''%D3%A8%D1%82%D1%96%D0%BD%D1%96%D1%88.pdf"):
        raw = HEAD + f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {said}\r\n\r\n%PDF-".encode()
        (attached,) = read(raw).attached
        assert (attached.name, attached.content, attached.position) == ("Өтініш.pdf", b"%PDF-", 1)
