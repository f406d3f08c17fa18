"""Checkpoints: the whole state of a training in one file, written all at once or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from phys.checked import InputError

FORMAT = 1


class CheckpointError(InputError):
    """A checkpoint that cannot be written, is damaged, of another format or of other settings."""


def save(
    path: Path, settings: dict[str, Any], progress: dict[str, Any], arrays: dict[str, Any]
) -> None:
    """Write a checkpoint; an older one at `path` stays whole until the new one is.

    Parameters
    ----------
    path : Path
    settings : dict
        What identifies the run; JSON types only.
    progress : dict
        Where the run stands; JSON types only.
    arrays : dict of name to array

    Raises
    ------
    CheckpointError
        The disk is full, or fails.
    """
    head = {"format": FORMAT, "settings": settings, "progress": progress, "digest": _digest(arrays)}
    header = json.dumps(head)
    handle, draft = _draft(path)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, header=np.frombuffer(header.encode(), dtype=np.uint8), **arrays)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError as error:
        Path(draft).unlink(missing_ok=True)
        kept = (
            "The earlier one is untouched: go on from it with resume"
            if path.exists()
            else "There was none before"
        )
        raise CheckpointError(
            f"checkpoint = {str(path)!r} could not be written ({error.strerror}); make room, or "
            f"name a file elsewhere. {kept}"
        ) from error
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Raise `InputError` if no checkpoint can be written to `path`; ask before long work."""
    if path.is_dir():
        raise InputError(f"checkpoint_file = {str(path)!r} is a folder; name a file")
    if path.exists() and not path.is_file():
        raise InputError(f"checkpoint_file = {str(path)!r} is a device or a pipe; name a file")
    handle, draft = _draft(path)
    os.close(handle)
    Path(draft).unlink()


def _draft(path: Path) -> tuple[int, str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    except OSError as error:
        raise InputError(
            f"checkpoint = {str(path)!r} cannot be written ({error.strerror}); name a file "
            f"in a folder that you may write to"
        ) from error


def _digest(arrays: dict[str, Any]) -> str:
    """Return a hash over all arrays: a damaged directory of the file could lose one unnoticed."""
    sha = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        sha.update(f"{name}{values.dtype}{values.shape}".encode())
        sha.update(values.tobytes())
    return sha.hexdigest()


def load(path: Path, settings: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read the checkpoint of a run with these settings; return its progress and its arrays.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, of another format, or from other settings; the message names
        each setting that differs.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(bytes(arrays.pop("header")).decode())
        found_format, found, progress = header["format"], header["settings"], header["progress"]
        if header.get("digest", "") != _digest(arrays):
            raise ValueError("its arrays are not those that were written")
    except FileNotFoundError:
        raise CheckpointError(
            f"checkpoint = {str(path)!r} does not exist; start without resume to make one"
        ) from None
    except Exception as error:  # whatever a damaged file makes of its readers
        raise CheckpointError(
            f"checkpoint = {str(path)!r} is damaged ({error}); delete it and start anew, "
            f"or name a whole one"
        ) from error
    if found_format != FORMAT:
        raise CheckpointError(
            f"checkpoint = {str(path)!r} has format {found_format}, this version reads {FORMAT}; "
            f"start anew"
        )
    wanted = json.loads(json.dumps(settings))
    differences = [
        f"{name} was {found.get(name)!r}, now {wanted.get(name)!r}"
        for name in sorted(set(found) | set(wanted))
        if found.get(name) != wanted.get(name)
    ]
    if differences:
        raise CheckpointError(
            f"checkpoint = {str(path)!r} is from other settings: {'; '.join(differences)}; "
            f"use the old settings, or another file"
        )
    return progress, arrays
