"""Read idx files, the format of MNIST, straight into the array where their numbers will stay."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import DTypeLike, NDArray

GZIP_MAGIC = b"\x1f\x8b"
REMEDY = "Replace it with a fresh copy of the standard MNIST file"

BLOCK = 2**16
"""Bytes that are held beside the array."""


class DataError(ValueError):
    """A named data set or data file is unknown, missing, damaged or not what it should be."""


@dataclass(frozen=True)
class IdxFile:
    """One idx file of unsigned bytes.

    Attributes
    ----------
    name : str
        Its name without ``.gz``.
    sha256 : str
        Of its decompressed content: the gzip bytes differ from mirror to mirror.
    shape : tuple of int
        Of the array that it holds.
    """

    name: str
    sha256: str
    shape: tuple[int, ...]

    @property
    def magic(self) -> bytes:
        """The first four bytes: 0, 0, 8 for unsigned bytes, and the number of dimensions."""
        return bytes([0, 0, 8, len(self.shape)])

    @property
    def size(self) -> int:
        """Bytes of the decompressed content."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


def read_idx(path: Path, file: IdxFile, dtype: DTypeLike) -> NDArray[Any]:
    """Read an idx file, compressed or not, and make sure that it is the one expected.

    Parameters
    ----------
    path : path
    file : IdxFile
        What it should hold.
    dtype
        Of the array; the file's bytes are converted on their way.

    Returns
    -------
    ndarray of dtype, with the shape of `file`

    Raises
    ------
    DataError
        It cannot be read, or holds something else; the message says what and where.
    """
    try:
        with path.open("rb") as raw:
            # By content, not by name: some servers and tools decompress a file and leave its name.
            packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            if not packed:
                return _read(raw, path, file, dtype)
            with gzip.GzipFile(fileobj=raw) as stream:
                return _read(stream, path, file, dtype)
    except EOFError as error:
        raise DataError(
            f"{path} is truncated: its gzip stream ends after {path.stat().st_size} bytes without "
            f"an end mark. {REMEDY}"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is no intact gzip file ({error}). {REMEDY}") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error}); correct that, or name another"
        ) from error


def _read(
    stream: BinaryIO | gzip.GzipFile, path: Path, file: IdxFile, dtype: DTypeLike
) -> NDArray[Any]:
    header = stream.read(4 + 4 * len(file.shape))
    _check_header(header, path, file)
    sha = hashlib.sha256(header)
    array = np.empty(file.shape, dtype)
    flat, done = array.reshape(-1), 0
    while done < flat.size and (block := stream.read(min(BLOCK, flat.size - done))):
        sha.update(block)
        flat[done : done + len(block)] = np.frombuffer(block, np.uint8)
        done += len(block)
    if done < flat.size:
        _refuse_size("truncated", len(header) + done, path, file)
    # The end of a gzip stream holds its checksum, which is compared only by reading on.
    if more := stream.read(1):
        _refuse_size("too long", len(header) + done + len(more), path, file, "at least ")
    if sha.hexdigest() != file.sha256:
        raise DataError(
            f"{path} has the wrong content: the SHA-256 of what it holds decompressed is "
            f"{sha.hexdigest()}, expected {file.sha256}. {REMEDY}"
        )
    return array


def _check_header(header: bytes, path: Path, file: IdxFile) -> None:
    if header[:4] != file.magic:
        raise DataError(
            f"{path} is no such idx file: it starts with the bytes {header[:4].hex() or '(none)'}, "
            f"expected {file.magic.hex()} (idx) or {GZIP_MAGIC.hex()} (gzip). {REMEDY}"
        )
    if len(header) < 4 + 4 * len(file.shape):
        _refuse_size("truncated", len(header), path, file)
    shape = tuple(
        int.from_bytes(header[start : start + 4], "big") for start in range(4, len(header), 4)
    )
    if shape != file.shape:
        raise DataError(f"{path} holds an array of shape {shape}, expected {file.shape}. {REMEDY}")


def _refuse_size(what: str, size: int, path: Path, file: IdxFile, about: str = "") -> NoReturn:
    raise DataError(
        f"{path} is {what}: it holds {about}{size} bytes decompressed, expected {file.size} for "
        f"the shape {file.shape}. {REMEDY}"
    )
