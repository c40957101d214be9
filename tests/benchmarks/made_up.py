"""A CRM's export of made-up people, in the way of Bitrix24: 18 columns, every row a person and a consent. The same for the same arguments."""

import csv
import datetime as dt
import io
import random

HEADER = [
    "ID", "Фамилия", "Имя", "Отчество", "ИИН", "Рабочий e-mail", "Мобильный телефон", "Дата рождения", "Язык",
    "Цель согласия", "Дата согласия", "Источник согласия", "Согласие действует до", "Передача третьим лицам",
    "Трансграничная передача", "Публикация", "Номер договора", "Дата договора",
]  # fmt: skip
MALE = "Айдар Алихан Асхат Бауыржан Данияр Ерлан Жандос Қайрат Мұрат Нұрлан Олжас Руслан Сергей Тимур Әлихан Дмитрий".split()
FEMALE = (
    "Айгүл Айжан Алия Асель Динара Жанар Күнсұлу Ләззат Мадина Наталья Ольга Сәуле Татьяна Үміт Шолпан Әсем".split()
)
ROOTS = "Ахмет Байжан Есен Жұмабай Кенжебек Қасым Мұхамет Нұрпейіс Оспан Сейіт Тоқтар Әбдірахман Иван Петр Сидор Ким".split()
PREFIXES = "700 701 702 705 707 708 747 771 775 776 777 778".split()
DOMAINS = "example.kz example.com mail.example.kz post.example.kz".split()
CHANNELS = ["web form", "written", "e-mail"]
WEIGHTS = (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))


def iin(born, female, rng):
    while True:
        head = f"{born:%y%m%d}{(3 if born.year < 2000 else 5) + female}{rng.randrange(10**4):04}"
        for weights in WEIGHTS:
            digit = sum(weight * int(mark) for weight, mark in zip(weights, head, strict=True)) % 11
            if digit != 10:
                return f"{head}{digit}"


def row(number, *, is_changed=False):
    """The cells of one person; changed, only the phone is another."""
    rng = random.Random(number)
    female = rng.random() < 0.5
    given, root, father = rng.choice(FEMALE if female else MALE), rng.choice(ROOTS), rng.choice(MALE)
    patronymic = rng.choice([father + ("қызы" if female else "ұлы"), father + ("овна" if female else "ович"), ""])
    born = dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(20000))
    given_on = dt.date(2021, 1, 1) + dt.timedelta(days=rng.randrange(1900))
    expires_on = given_on.replace(year=given_on.year + 10, day=min(given_on.day, 28))
    local = (rng.randrange(10**7) + is_changed) % 10**7
    phone = f"8 ({rng.choice(PREFIXES)}) {local // 10**4:03}-{local // 100 % 100:02}-{local % 100:02}"
    return [
        f"C{number:07}", root + ("ова" if female else "ов"), given, patronymic, iin(born, female, rng),
        f"person{number}@{rng.choice(DOMAINS)}", phone, f"{born:%d.%m.%Y}", rng.choice(["ru", "kk", "en"]),
        "email-information", f"{given_on:%d.%m.%Y}", rng.choice(CHANNELS), f"{expires_on:%d.%m.%Y}",
        rng.choice(["да", "нет"]), "нет", "нет", "", "",
    ]  # fmt: skip


def pieces(count, *, first=1, change_every=0, rows_a_piece=1000):
    """The file in pieces of bytes; with change_every, a later export in which every so many-th phone has changed."""
    yield _lines([HEADER])
    for start in range(first, first + count, rows_a_piece):
        numbers = range(start, min(start + rows_a_piece, first + count))
        yield _lines(row(each, is_changed=bool(change_every) and each % change_every == 0) for each in numbers)


def _lines(rows):
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode()
