"""Which letters of a text can no typeface of this machine write?

Fontconfig is asked, as Pango asks it: where it knows no typeface with a letter, a box is drawn.
"""

from __future__ import annotations

import ctypes
from functools import cache, lru_cache

LIBRARY = "libfontconfig.so.1"


class _Found(ctypes.Structure):
    """FcFontSet: how many typefaces were found; the rest is fontconfig's own."""

    _fields_ = (("nfont", ctypes.c_int), ("sfont", ctypes.c_int), ("fonts", ctypes.c_void_p))


def unwritten(text: str) -> str:
    """The letters of a text, each once, that no typeface here has. OSError without fontconfig."""
    drawn = dict.fromkeys(c for c in text if not c.isascii() and c.isprintable())
    return "".join(letter for letter in drawn if not _is_written(ord(letter)))


@lru_cache(maxsize=4096)
def _is_written(code: int) -> bool:
    library = _library()
    letters, pattern = library.FcCharSetCreate(), library.FcPatternCreate()
    wanted = library.FcObjectSetCreate()
    try:
        library.FcCharSetAddChar(letters, code)
        library.FcPatternAddCharSet(pattern, b"charset", letters)
        library.FcPatternAddBool(pattern, b"outline", 1)  # no other kind is drawn in a PDF
        found = library.FcFontList(None, pattern, wanted)
        try:
            return bool(found.contents.nfont)
        finally:
            library.FcFontSetDestroy(found)
    finally:
        library.FcObjectSetDestroy(wanted)
        library.FcPatternDestroy(pattern)
        library.FcCharSetDestroy(letters)


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(LIBRARY)
    pointer, name = ctypes.c_void_p, ctypes.c_char_p
    for function, gives, takes in (
        ("FcCharSetCreate", pointer, ()),
        ("FcCharSetAddChar", ctypes.c_int, (pointer, ctypes.c_uint32)),
        ("FcCharSetDestroy", None, (pointer,)),
        ("FcPatternCreate", pointer, ()),
        ("FcPatternAddCharSet", ctypes.c_int, (pointer, name, pointer)),
        ("FcPatternAddBool", ctypes.c_int, (pointer, name, ctypes.c_int)),
        ("FcPatternDestroy", None, (pointer,)),
        ("FcObjectSetCreate", pointer, ()),
        ("FcObjectSetDestroy", None, (pointer,)),
        ("FcFontList", ctypes.POINTER(_Found), (pointer, pointer, pointer)),
        ("FcFontSetDestroy", None, (ctypes.POINTER(_Found),)),
    ):
        called = getattr(library, function)
        called.restype, called.argtypes = gives, takes
    return library
