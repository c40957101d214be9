"""A register as the bytes of its file."""

from registry.exports.register import Register


def whole(code, moment, layout, format, language):
    return b"".join(Register(code, moment, layout, language).file(format))
