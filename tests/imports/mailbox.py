"""A mailbox of requests in three languages, as people and programs write them, each with what is to become of it."""

import base64
from typing import NamedTuple

OFFICE = "info@alit.kz"
MORNING = "Wed, 1 Apr 2026 10:00:00 +0500"
# 1 April 2026 is a Wednesday. Working days after it: 2, 3, 6–10, 13–17, 20, 21, 22 April.
ONE, THREE, FIFTEEN = "2026-04-02", "2026-04-06", "2026-04-22"
ASEM, PETR, JOHN, MARAT = "asem@example.kz", "petr.ivanov@example.kz", "john.smith@example.com", "marat"
PDF = b"%PDF-1.7\nA certificate\n"


class Letter(NamedTuple):
    """What is to become of it: standing, kind, the person linked, the day it is due on, the language, a remark that is made."""

    raw: bytes
    standing: str = "request"
    kind: str = ""
    person: str = ""
    due: str = ""
    language: str = "en"
    remark: str = ""


def encoded(text, charset, how="B"):
    """An encoded word of RFC 2047."""
    content = text.encode(charset)
    if how == "B":
        return f"=?{charset}?B?{base64.b64encode(content).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={each:02X}' for each in content)}?="


def cut(text):
    """Two encoded words, with a letter cut in two between them."""
    content = text.encode()
    middle = next(at for at in range(len(content) // 2, len(content)) if content[at] & 0xC0 == 0x80)
    return "\r\n ".join(
        f"=?UTF-8?B?{base64.b64encode(each).decode()}?=" for each in (content[:middle], content[middle:])
    )


def mail(subject, body="", *, sender=JOHN, received=MORNING, charset="utf-8", number=None, to=OFFICE, **headers):
    """A message byte by byte; `body` and `subject` may be bytes. Headers replace the usual ones; None leaves one out."""
    if number is None:
        number = mail.number = mail.number + 1
    body = body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode(charset)
    usual = {
        "Received": f"from mx.example.kz by mail.alit.kz; {received}" if received else None,
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": "Tue, 31 Mar 2026 09:00:00 +0500",
        "Message-ID": f"<{number}@example.kz>",
        "MIME-Version": "1.0",
        "Content-Type": f"text/plain; charset={charset}",
        "Content-Transfer-Encoding": "8bit",
    }
    given = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [
        f"{name}: ".encode() + (value if isinstance(value, bytes) else value.encode())
        for name, value in given.items()
        if value is not None
    ]
    return b"\r\n".join([*lines, b"", body])


mail.number = 0


def parts(*contents, boundary="==b==", ended=True, **headers):
    """The body of a multipart message, and the header that goes with it."""
    body = b"".join(f"--{boundary}\r\n".encode() + each + b"\r\n" for each in contents)
    return body + (f"--{boundary}--\r\n".encode() if ended else b"")


def part(content, content_type="text/plain; charset=utf-8", name=""):
    said = f"Content-Type: {content_type}\r\n"
    said += f'Content-Disposition: attachment; filename="{name}"\r\n' if name else ""
    return f"{said}Content-Transfer-Encoding: base64\r\n\r\n".encode() + base64.encodebytes(content).replace(
        b"\n", b"\r\n"
    )


MIXED = {"Content_Type": 'multipart/mixed; boundary="==b=="', "Content_Transfer_Encoding": None}


def letters():
    """By name, in the order in which they arrive."""
    mail.number = 0
    return {
        **in_english(),
        **in_russian(),
        **in_kazakh(),
        **by_machines(),
        **from_whom(),
        **when(),
        **damaged(),
        **again(),
    }


def in_english():
    return {
        "mark": Letter(mail("Opt-out of Notifications"), kind="opt_out", person=JOHN, due=FIFTEEN),
        "mark, quoted": Letter(
            mail("RE: «Personal data update»!", "My new surname is Jones."), kind="rectification", person=JOHN, due=ONE
        ),
        "mark, forwarded and misspelt": Letter(
            mail("Fwd: FW: revocation of CONSENT to the procesing of personal data."),
            kind="withdrawal", person=JOHN, due=FIFTEEN,
        ),
        "worded otherwise": Letter(
            mail("Please delete my account data", sender="a1@example.com"), kind="destruction", due=ONE
        ),
        "unblocking": Letter(mail("Unblock my data", sender="a2@example.com"), kind="unblocking", due=ONE),
        "a question about data": Letter(
            mail("Hello", "Do you keep any personal data of mine?", sender="a3@example.com"),
            kind="information", due=THREE,
        ),
        "a question about cables": Letter(
            mail("Hello", "What does a cable cost?", sender="a4@example.com"), kind="unsorted", due=ONE
        ),
    }  # fmt: skip


def in_russian():
    return {
        "koi8-r": Letter(
            mail(encoded("Отзыв согласия на обработку персональных данных", "koi8-r"), "С уважением", charset="koi8-r",
                 sender=f"{encoded('Әсем Қасымова', 'utf-8')} <{ASEM}>"),
            kind="withdrawal", person=ASEM, due=FIFTEEN, language="ru",
        ),
        "windows-1251": Letter(
            mail(encoded("Отв: Отказ от рассылки", "windows-1251", "Q"), "Прошу не присылать.", charset="windows-1251",
                 sender=PETR),
            kind="opt_out", person=PETR, due=FIFTEEN, language="ru",
        ),
        "iso-8859-5": Letter(
            mail(encoded("Изменение персональных данных", "iso-8859-5"), "Сменила фамилию.", charset="iso-8859-5",
                 sender="b1@example.kz"),
            kind="rectification", due=ONE, language="ru",
        ),
        "a letter cut in two": Letter(
            mail(cut("Прошу уничтожить мои персональные данные"), sender="b2@example.kz"),
            kind="destruction", due=ONE, language="ru",
        ),
        "raw cp1251 in the header": Letter(
            mail("Жалоба на обработку данных".encode("cp1251"), sender="b3@example.kz"),
            kind="complaint", language="ru",
            remark="The encoding of the subject line is not said, or said wrongly: it was guessed.",
        ),
        "raw utf-8 in the header": Letter(
            mail("Запрос сведений о персональных данных", sender="b4@example.kz"),
            kind="information", due=THREE, language="ru",
        ),
        "encoding declared wrongly": Letter(
            mail("", "Прошу исправить мою фамилию в анкете.".encode("koi8-r"), charset="us-ascii", sender="b5@example.kz"),
            kind="rectification", due=ONE, language="ru",
            remark="The encoding of the text is not said, or said wrongly: it was guessed.",
        ),
        "flowed": Letter(
            mail("Здравствуйте", "Прошу прекратить \nобработку \nмоих данных.\n-- \nудалить данные", sender="b6@example.kz",
                 Content_Type="text/plain; charset=utf-8; format=flowed"),
            kind="stop_processing", due=FIFTEEN, language="ru",
        ),
        "a page": Letter(
            mail("Обращение", "<html><head><title>удалить данные</title></head><body><p>Прошу <b>прекратить распространение</b>"
                 " моих&nbsp;данных<img src='http://tracker.example/x.gif'><script>удалить(данные)</script></body></html>",
                 sender="b7@example.kz", Content_Type="text/html; charset=utf-8"),
            kind="stop_distribution", due=ONE, language="ru",
            remark="The message is a web page: its text is given, nothing of it was loaded or run.",
        ),
        "both text and page": Letter(
            mail(encoded("Досудебная претензия", "utf-8"),
                 parts(part("Требую возместить ущерб.".encode()), part(b"<p>x</p>", "text/html; charset=utf-8")),
                 sender="b8@example.kz", **MIXED | {"Content_Type": 'multipart/alternative; boundary="==b=="'}),
            kind="claim", language="ru",
        ),
        "two things at once": Letter(
            mail("Отзыв согласия и удаление данных", sender="b9@example.kz"), kind="unsorted", due=ONE, language="ru"
        ),
        "quoted below": Letter(
            mail("Добрый день", "Прошу ознакомить меня с моими данными.\n\n-----Исходное сообщение-----\nудалить данные",
                 sender="b10@example.kz"),
            kind="information", due=THREE, language="ru",
        ),
    }  # fmt: skip


def in_kazakh():
    return {
        "withdrawal in Kazakh": Letter(
            mail(encoded("Келісімді кері қайтарып алу", "utf-8"), sender="c1@example.kz"),
            kind="withdrawal", due=FIFTEEN, language="kk",
        ),
        "without a Kazakh keyboard": Letter(
            mail("Дербес деректерди жою", sender="c2@example.kz"), kind="destruction", due=ONE, language="ru"
        ),
        "kz-1048, not declared": Letter(
            mail("", "Дербес деректерімді бұғаттауды сұраймын.".encode("kz1048"), sender="c3@example.kz",
                 Content_Type="text/plain"),
            kind="blocking", due=ONE, language="kk",
            remark="The encoding of the text is not said, or said wrongly: it was guessed.",
        ),
        "objection in Kazakh": Letter(
            mail(encoded("Автоматтандырылған өңдеуге қарсылық", "utf-8", "Q"), sender="c4@example.kz"),
            kind="automated_objection", due=THREE, language="kk",
        ),
        "text in Kazakh": Letter(
            mail(encoded("Сәлеметсіз бе", "utf-8"), "Маған жарнама жіберуді тоқтатыңыз.\nРақмет", sender="c5@example.kz"),
            kind="opt_out", due=FIFTEEN, language="kk",
        ),
    }  # fmt: skip


def by_machines():
    none = {"standing": "automatic"}
    report = parts(
        part(b"Your letter did not arrive."), b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n"
    )
    return {
        "out of office": Letter(mail("Automatic reply: holidays", Auto_Submitted="auto-replied"), **none),
        "a delivery report": Letter(
            mail("Undelivered", report, sender="MAILER-DAEMON@example.kz",
                 **MIXED | {"Content_Type": 'multipart/report; boundary="==b=="; report-type=delivery-status'}),
            **none,
        ),
        "a mailing list": Letter(mail("News of the week", List_Id="<news.example.kz>"), **none),
        "a bulk mail": Letter(mail("Prices", Precedence="bulk"), **none),
        "nobody": Letter(mail("Your order", sender="no-reply@shop.example"), **none),
        "ourselves": Letter(mail("Note", sender=OFFICE.upper()), **none),
        "a null return path": Letter(mail("x", Return_Path="<>"), **none),
        "a machine with a mark": Letter(
            mail("Opt-out of Notifications", sender="noreply@forms.example", X_Auto_Response_Suppress="All"),
            kind="opt_out", due=FIFTEEN, remark="No acknowledgement was sent: a machine wrote this.",
        ),
    }  # fmt: skip


def from_whom():
    subject = "Запрос сведений о персональных данных"
    asked = {"kind": "information", "due": THREE, "language": "ru"}
    return {
        "confirmed sender": Letter(
            mail(subject, sender=ASEM, Authentication_Results="mx.alit.kz; dmarc=pass header.from=example.kz"),
            person=ASEM, **asked,
        ),
        "forged sender": Letter(
            mail(subject, sender=ASEM, Authentication_Results="mx.alit.kz; spf=fail smtp.mailfrom=x.example"),
            remark="The mail server doubts the sender: nobody was linked by it, and it was not written to.", **asked,
        ),
        "by IIN": Letter(mail(subject, "Мой ИИН 791028302728.", sender="d1@example.kz"), person=PETR, **asked),
        "by phone": Letter(mail(subject, "Тел.: 8 (701) 555-66-77", sender="d2@example.kz"), person=MARAT, **asked),
        "by name": Letter(
            mail(subject, sender=f"{encoded('Оспанов Марат', 'windows-1251')} <d3@example.kz>"), person=MARAT, **asked
        ),
        "by name in the text": Letter(
            mail(subject, "Сообщите, какие данные есть.\nС уважением,\nОспанов Марат Болатович", sender="d4@example.kz"),
            person=MARAT, **asked,
        ),
        "two of one name": Letter(
            mail(subject, sender=f"{encoded('Айгүл Серікова', 'utf-8')} <d5@example.kz>"),
            remark="The name fits several people: nobody was linked.", **asked,
        ),
        "an address of two": Letter(
            mail(subject, sender="family@example.kz"),
            remark="The sender’s address, or a number in the text, fits several people: nobody was linked.", **asked,
        ),
        "for somebody else": Letter(
            mail(subject, "Данные моего отца, ИИН 791028302728", sender=ASEM),
            remark="The sender’s address and the numbers in the text are those of different people: nobody was linked.", **asked,
        ),
        "a wrong IIN": Letter(mail(subject, "ИИН 791028302729", sender="d6@example.kz"), **asked),
        "two senders": Letter(
            mail(subject, sender=f"{ASEM}, {PETR}"),
            remark="The message names no sender, or several, or not by an address: nobody is recognised by it, or written to.", **asked,
        ),
        "an address in the name": Letter(
            mail(subject, sender=f"{encoded(ASEM, 'utf-8', 'Q')} <stranger@example.org>"), **asked
        ),
        "a state body": Letter(
            mail(subject, sender="inspector@mdai.gov.kz"),
            remark="The sender’s domain is that of a state body: if the body itself asks, record it as a request of a state body.",
            **asked,
        ),
    }  # fmt: skip


def when():
    asked = {"kind": "rectification", "person": JOHN}
    subject = "Personal Data Update"
    return {
        # Friday before Nauryz: 21–23 March, moved to 24 and 25 as well; the first working day is 26 March.
        "before Nauryz": Letter(mail(subject, received="Fri, 20 Mar 2026 18:00:00 +0500"), due="2026-03-26", **asked),
        # 31 March 19:30 in London is half past midnight of 1 April in Almaty.
        "after midnight": Letter(mail(subject, received="Tue, 31 Mar 2026 19:30:00 +0000"), due=ONE, **asked),
        # 1 and 2 January are holidays, 3 and 4 the week-end.
        "before the New Year": Letter(mail(subject, received="Wed, 31 Dec 2025 12:00:00 +0500"), due="2026-01-05", **asked),
        # Without a Received header the date the sender gives counts: Tuesday, 31 March.
        "dated by the sender": Letter(mail(subject, received=None), due="2026-04-01", **asked),
        "dated in the future": Letter(
            mail(subject, received="Wed, 1 Apr 2099 10:00:00 +0500"), due="later",
            remark="It is dated in the future: the time it was fetched counts as the time it came.", **asked,
        ),
        "without a date": Letter(
            mail(subject, received=None, Date=None), due="later",
            remark="It bears no date that can be read: the time it was fetched counts as the time it came.", **asked,
        ),
    }  # fmt: skip


def damaged():
    asked = {"kind": "withdrawal", "due": FIFTEEN}
    subject = "Revocation of consent to the processing of personal data"
    inner = b"Content-Type: message/rfc822\r\n\r\n" + mail("Inner", "deep", number=900)
    text = part(b"See below.")
    return {
        "empty": Letter(mail("", sender="e0@example.com"), kind="unsorted", due=ONE, remark="The message is empty."),
        "no id": Letter(
            mail(subject, sender="e1@example.com", Message_ID=None),
            remark="The message bears no id: sent twice, it is recognised by its content only.", **asked,
        ),
        "unknown encoding": Letter(
            mail(subject, "text", sender="e2@example.com", Content_Type="text/plain; charset=x-martian"),
            remark="The encoding of the text is not said, or said wrongly: it was guessed.", **asked,
        ),
        "not ended": Letter(
            mail(subject, parts(text, part(PDF, "application/pdf", "a.pdf"), ended=False), sender="e3@example.com", **MIXED),
            remark="The message is damaged: parts of it may be missing.", **asked,
        ),
        "a message within": Letter(mail(subject, parts(text, inner), sender="e4@example.com", **MIXED), **asked),
        "winmail.dat": Letter(
            mail(subject, parts(text, part(b"\x78\x9f\x3e\x22\0", "application/ms-tnef", "winmail.dat")),
                 sender="e5@example.com", **MIXED),
            remark="Attachment 1 is a winmail.dat of Outlook: what is in it was not unpacked. It is kept.", **asked,
        ),
        "a program": Letter(
            mail(subject, parts(text, part(b"MZ\0\0", "image/png", "Smith.png"), part(PDF, "application/pdf", "Smith.pdf")),
                 sender="e6@example.com", **MIXED),
            remark="Attachment 1 was not taken over and stays within the message. Files of this type are not taken. "
            "Attach a PDF, PNG, JPEG, TIFF, DOCX, ODT, XLSX, TXT, EML or a signature.", **asked,
        ),
        "500 parts": Letter(
            mail(subject, parts(text, *[part(b"%d" % each, "text/plain", f"{each}.txt") for each in range(499)]),
                 sender="e7@example.com", **MIXED),
            remark="The message has 499 attachments: those after the first 50 were not unpacked. All are kept.", **asked,
        ),
        "12 MB": Letter(
            mail(subject, parts(text, part(PDF + b"0" * 9_000_000, "application/pdf", "a.pdf")), sender="e8@example.com",
                 **MIXED), **asked,
        ),
        "an attachment too large": Letter(
            mail(subject, parts(text, part(PDF + b"0" * 11_000_000, "application/pdf", "a.pdf")), sender="e9@example.com",
                 **MIXED),
            remark="Attachment 1 was not taken over and stays within the message. The file has more than 10 MB. Attach it in parts.",
            **asked,
        ),
        "a forged header": Letter(
            mail(encoded(f"{subject}\r\nBcc: all@example.kz", "utf-8"), "\x07text",
                 sender=f"{encoded('John' + chr(13) + chr(10) + 'Bcc: all@example.kz', 'utf-8')} <e10@example.com>"),
            **asked,
        ),
        "nested a thousand deep": Letter(
            mail(subject, b"".join(b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (each, each + 1)
                                   for each in range(1000)),
                 sender="e11@example.com", Content_Type='multipart/mixed; boundary="b0"'),
            remark="The message cannot be taken apart. It is kept as it came.", **asked,
        ),
    }  # fmt: skip


def again():
    """Messages that were met before, and answers to cases."""
    first = mail("Opt-out of Notifications", number=1)
    return {
        "under an old id": Letter(
            mail("Opt-out of Notifications", "and of calls", sender="f1@example.com", number=1), kind="opt_out", due=FIFTEEN,
            remark="Message {mark} bears the same id and says something else.",
        ),
        "sent on by another server": Letter(
            b"Received: from relay by mail.alit.kz; Thu, 2 Apr 2026 10:00:00 +0500\r\n" + first.replace(b"\r\n", b"\n"),
            standing="known",
        ),
        "an answer": Letter(
            mail("Re: Request R-2026-0001", "Any news?", number=950), standing="reply", kind="opt_out", person=JOHN, due=FIFTEEN
        ),
    }  # fmt: skip
