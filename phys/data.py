"""Images to train on: MNIST where it can be had, scikit-learn's real digits where it cannot.

MNIST is looked for in the folder named by the caller, then in the one named by the environment
variable ``CROSSPOINT_DATA``, then in a per-user cache that is filled from public mirrors. The files
are the four standard idx files, compressed with gzip or not. What identifies them is the SHA-256 of
the *decompressed* content, since the gzip bytes differ between mirrors.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from phys.idx_file import DataError, IdxFile, read_idx

__all__ = ["DataError", "Dataset", "load"]

DATA_VARIABLE = "CROSSPOINT_DATA"
CACHE_VARIABLE = "CROSSPOINT_CACHE"

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)

# Seconds without an answer: a machine without a network falls back to the digits soon.
MIRROR_TIMEOUT = 5


class DataWarning(UserWarning):
    """The data set that was asked for is not to be had, and another one stands in for it."""


MNIST_FILES: Mapping[str, IdxFile] = {
    "train_images": IdxFile(
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        (60_000, 28, 28),
    ),
    "train_labels": IdxFile(
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        (60_000,),
    ),
    "test_images": IdxFile(
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        (10_000, 28, 28),
    ),
    "test_labels": IdxFile(
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        (10_000,),
    ),
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled grey-scale images, split into training and test.

    Attributes
    ----------
    name : str
        ``"mnist"`` or ``"digits"``: what the arrays really hold, whatever was asked for.
    train_images, test_images : ndarray of float32, shape (images, pixels)
        Grey values in [0, 1], rows of the image one after another.
    train_labels, test_labels : ndarray of int64, shape (images,)
        The digit shown, 0 to 9.
    image_shape : tuple of int
        Rows and columns of one image; their product is the number of pixels.
    source : str
        Where the data came from, in words fit for a report.
    notice : str
        Empty, or a sentence that must be shown beside every result: these data stand in for the
        ones that were asked for, and why.
    """

    name: str
    train_images: NDArray[np.float32] = field(repr=False)
    train_labels: NDArray[np.int64] = field(repr=False)
    test_images: NDArray[np.float32] = field(repr=False)
    test_labels: NDArray[np.int64] = field(repr=False)
    image_shape: tuple[int, int]
    source: str
    notice: str = ""


def load(name: str = "mnist", data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a data set by name.

    Parameters
    ----------
    name : {"mnist", "digits"}
        ``"mnist"``: 60,000 training and 10,000 test images of 28 x 28 pixels. ``"digits"``:
        scikit-learn's 1,797 images of 8 x 8 pixels, 1,440 for training and 357 for testing; of
        every five blocks of ten consecutive images the last is for testing.
    data_dir : path, optional
        A folder with the four MNIST files. If left out, the environment variable
        ``CROSSPOINT_DATA`` names the folder; if that is not set or empty, a per-user cache is used
        (below ``CROSSPOINT_CACHE`` where set), filled from public mirrors when needed.

    Returns
    -------
    Dataset
        Where MNIST was asked for without naming a folder and cannot be downloaded, the digits, with
        ``notice`` set and a `DataWarning` issued.

    Raises
    ------
    DataError
        The name is unknown, or a folder that was named does not hold good data. A named folder
        never falls back to other data.

    Examples
    --------
    >>> digits = load("digits")
    >>> digits.train_images.shape, digits.test_images.shape, digits.image_shape
    ((1440, 64), (357, 64), (8, 8))
    """
    if name == "digits":
        if data_dir is not None:
            raise DataError(
                f"data_dir={os.fspath(data_dir)!r} was given with the data set 'digits', which is "
                "not read from a folder; leave data_dir out, or ask for 'mnist'"
            )
        return _digits()
    if name != "mnist":
        raise DataError(f"unknown data set name={name!r}; choose one of 'mnist', 'digits'")
    if data_dir is not None:
        return _read_folder(Path(data_dir), "data_dir")
    if from_environment := os.environ.get(DATA_VARIABLE):
        return _read_folder(Path(from_environment), f"the environment variable {DATA_VARIABLE}")
    try:
        return _read_cache(_cache_folder())
    except _UnavailableError as error:
        notice = (
            "MNIST IS NOT IN USE: these are scikit-learn's 8x8 digits, a smaller and easier task. "
            f"MNIST could not be fetched ({error}); to use it, put its four .gz files into a "
            f"folder and name the folder with --data, data_dir or {DATA_VARIABLE}."
        )
    warnings.warn(notice, DataWarning, stacklevel=2)
    return _digits(notice)


def _digits(notice: str = "") -> Dataset:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = np.asarray(images / 16, dtype=np.float32)
    labels = np.asarray(labels, dtype=np.int64)
    # Whole blocks, not every fifth image: the digits come in the order 0, 1, ... 9 for long
    # stretches, so that every fifth image would be a 4 or a 9.
    test = np.arange(len(labels)) // 10 % 5 == 4
    return Dataset(
        "digits",
        images[~test],
        labels[~test],
        images[test],
        labels[test],
        (8, 8),
        "scikit-learn's optical recognition of handwritten digits, 8x8 pixels",
        notice,
    )


def _read_folder(
    folder: Path, named_by: str, files: Mapping[str, IdxFile] = MNIST_FILES
) -> Dataset:
    """Read the four files of a folder that somebody named: whatever is wrong is an error."""
    if not folder.is_dir():
        raise DataError(
            f"the folder {str(folder)!r} named by {named_by} does not exist or is no folder; it "
            "should hold the four MNIST files. Correct the name, or leave it out to download MNIST"
        )
    arrays = {key: _read(_find(folder, file), file) for key, file in files.items()}
    return _mnist(
        arrays, files["train_images"].shape, f"MNIST, from the folder named by {named_by}"
    )


def _find(folder: Path, file: IdxFile) -> Path:
    candidates = [folder / f"{file.name}.gz", folder / file.name]
    for path in candidates:
        if path.is_file():
            return path
    raise DataError(
        f"{candidates[0].name} is missing in {str(folder)!r} (and so is {file.name}, the same "
        "decompressed); put the file there, or leave the folder's name out to download MNIST"
    )


def _mnist(arrays: Mapping[str, NDArray[Any]], shape: tuple[int, ...], source: str) -> Dataset:
    return Dataset(
        "mnist",
        arrays["train_images"],
        arrays["train_labels"],
        arrays["test_images"],
        arrays["test_labels"],
        (shape[1], shape[2]),
        source,
    )


def _read(path: Path, file: IdxFile) -> NDArray[Any]:
    """Return images as grey values in [0, 1], float32 (images, pixels), and labels as int64."""
    if len(file.shape) == 1:
        return read_idx(path, file, np.int64)
    images = read_idx(path, file, np.float32).reshape(file.shape[0], -1)
    images /= np.float32(255)
    return images


class _UnavailableError(Exception):
    """MNIST is neither in the cache nor to be downloaded."""


# Why a cache folder could not be filled: a process that trains six networks tries only once.
_unavailable: dict[Path, str] = {}


def _cache_folder() -> Path:
    import platformdirs

    root = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("crosspoint")
    return Path(root) / "mnist"


def _read_cache(
    folder: Path,
    files: Mapping[str, IdxFile] = MNIST_FILES,
    mirrors: Sequence[str] = MIRRORS,
) -> Dataset:
    """Read MNIST from the cache, downloading what is missing or damaged there."""
    if folder in _unavailable:
        raise _UnavailableError(_unavailable[folder])
    remaining = list(mirrors)
    arrays: dict[str, NDArray[Any]] = {}
    try:
        for key, file in files.items():
            path = folder / f"{file.name}.gz"
            try:
                arrays[key] = _read(path, file)
            except DataError:
                arrays[key] = _download(path, file, remaining)
    except _UnavailableError as error:
        _unavailable[folder] = str(error)
        raise
    return _mnist(arrays, files["train_images"].shape, "MNIST, downloaded from public mirrors")


def _download(path: Path, file: IdxFile, mirrors: list[str]) -> NDArray[Any]:
    """Download one file, checked before it takes its place; a mirror that fails is struck off."""
    import pooch

    fetch = pooch.HTTPDownloader(timeout=MIRROR_TIMEOUT, progressbar=_DownloadBar(path.name))
    failures: list[str] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="download-") as scratch:
            fresh = Path(scratch) / path.name
            while mirrors:
                try:
                    fetch(mirrors[0] + path.name, str(fresh), None)
                    array = _read(fresh, file)
                except (OSError, DataError) as error:
                    failures.append(f"{urlsplit(mirrors[0]).netloc}: {_reason(error)}")
                    del mirrors[0]
                else:
                    fresh.replace(path)
                    return array
    except OSError as error:
        raise _UnavailableError(f"the cache {path.parent} cannot be written: {error}") from error
    raise _UnavailableError(f"{path.name} from {', '.join(failures)}")


def _reason(error: Exception) -> str:
    """Shorten what a mirror answered: the exceptions of requests repeat the whole address."""
    if isinstance(error, DataError):
        return "damaged content"
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"HTTP status {status}" if status else type(error).__name__


class _DownloadBar:
    """A rich progress bar in the shape that pooch asks for; silent where stderr is no terminal."""

    def __init__(self, label: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(f"Downloading {label}")
        self.total = 0

    def update(self, size: int) -> None:
        self._progress.start()
        self._progress.update(self._task, total=self.total or None, advance=size)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop()
