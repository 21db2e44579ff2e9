"""How the pixels of an array travel: as unsigned integers where that is exact, else as 32-bit floats.

>>> format_of(np.dtype("int16")).dtype
'<u2'
>>> encode_block(np.array([[-32768, 0]], "int16"), np.dtype("int16"))
array([[    0, 32768]], dtype=uint16)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.messages.answers import CodeFormat

INT8_SHIFT = 128
INT16_SHIFT = 32768
BYTE = CodeFormat(dtype="|u1", kind="linear", levels=256)
WORD = CodeFormat(dtype="<u2", kind="linear", levels=65536)
SHIFTED = CodeFormat(dtype="<u2", kind="linear", levels=65536, offset=-INT16_SHIFT)
SHIFTED_BYTE = CodeFormat(dtype="|u1", kind="linear", levels=256, offset=-INT8_SHIFT)
FLOAT = CodeFormat(dtype="<f4", kind="linear")
FORMATS = {"bool": BYTE, "uint8": BYTE, "int8": SHIFTED_BYTE, "uint16": WORD, "int16": SHIFTED}


def format_of(dtype: np.dtype[Any]) -> CodeFormat:
    """Return how values of `dtype` travel.

    Raises
    ------
    ValueRefusedError
        When they are not real numbers.
    """
    if dtype.kind not in "buif":
        raise ValueRefusedError(
            f"only real numbers can be shown as a movie, got dtype {dtype}",
            hint="Show abs(array) or array.real of complex values.",
        )
    return FORMATS.get(dtype.newbyteorder("=").name, FLOAT)


def encode_block(block: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Return values of `dtype` as codes of `format_of(dtype)`, the same shape, C order."""
    code = format_of(dtype)
    if code is SHIFTED:
        block = block.astype("<i2").view("<u2") ^ np.uint16(INT16_SHIFT)
    elif code is SHIFTED_BYTE:
        block = block.astype("i1").view("u1") ^ np.uint8(INT8_SHIFT)
    with np.errstate(over="ignore"):  # what 32 bits can't hold is infinite
        return np.ascontiguousarray(block, dtype=code.dtype)


def decode_block(codes: np.ndarray, code: CodeFormat, table: np.ndarray | None) -> np.ndarray:
    """Return the values that codes stand for, float32; codes of 32-bit floats are values already."""
    if codes.dtype.kind == "f":
        return codes.astype("f4", copy=False)
    if table is not None:
        return np.take(table, codes, mode="clip")
    return np.float32(code.offset) + np.float32(code.scale) * codes.astype(np.float32)
