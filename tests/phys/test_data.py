from __future__ import annotations

import functools
import gzip
import hashlib
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from phys import data
from phys.data import DataError, IdxFile, load

SHAPES = {
    "train_images": (6, 3, 2),
    "train_labels": (6,),
    "test_images": (4, 3, 2),
    "test_labels": (4,),
}


def idx(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """Six training and four test images of 3 x 2 pixels, every pixel different."""
    arrays = {
        key: np.arange(np.prod(shape)).reshape(shape) * 7 % 256 for key, shape in SHAPES.items()
    }
    arrays["train_images"][0, 0] = [0, 255]
    return arrays


@pytest.fixture
def files(arrays: dict[str, np.ndarray]) -> dict[str, IdxFile]:
    return {
        key: IdxFile(
            data.MNIST_FILES[key].name, hashlib.sha256(idx(array)).hexdigest(), SHAPES[key]
        )
        for key, array in arrays.items()
    }


@pytest.fixture
def folder(tmp_path: Path, arrays: dict[str, np.ndarray], files: dict[str, IdxFile]) -> Path:
    """A folder as mirrors offer it: four gzip files."""
    folder = tmp_path / "standard"
    folder.mkdir()
    for key, file in files.items():
        (folder / f"{file.name}.gz").write_bytes(gzip.compress(idx(arrays[key])))
    return folder


def assert_holds(dataset: data.Dataset, arrays: dict[str, np.ndarray]) -> None:
    """Recover every byte of the files from the data set."""
    assert dataset.name == "mnist"
    assert dataset.image_shape == (3, 2)
    assert dataset.notice == ""
    for split in ("train", "test"):
        images = getattr(dataset, f"{split}_images")
        labels = getattr(dataset, f"{split}_labels")
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        np.testing.assert_array_equal(
            np.rint(images * 255), arrays[f"{split}_images"].reshape(-1, 6)
        )
        np.testing.assert_array_equal(labels, arrays[f"{split}_labels"])


def test_reads_the_standard_files(folder, arrays, files):
    dataset = data._read_folder(folder, "data_dir", files)
    assert_holds(dataset, arrays)
    assert dataset.train_images[0, 0] == 0
    assert dataset.train_images[0, 1] == 1


@pytest.mark.parametrize("keep_the_name", [False, True], ids=["renamed", "still-called-gz"])
def test_reads_decompressed_files(folder, arrays, files, keep_the_name):
    for path in list(folder.iterdir()):
        content = gzip.decompress(path.read_bytes())
        path.unlink()
        (path if keep_the_name else path.with_suffix("")).write_bytes(content)
    assert_holds(data._read_folder(folder, "data_dir", files), arrays)


def test_gzip_bytes_do_not_matter(folder, arrays, files):
    for path in folder.iterdir():
        path.write_bytes(
            gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1, mtime=1)
        )
    assert_holds(data._read_folder(folder, "data_dir", files), arrays)


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_reading_needs_no_room_beside_the_array(tmp_path, packed):
    shape = (2_000, 28, 28)
    content = idx(np.arange(np.prod(shape)).reshape(shape) * 7 % 256)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    file = IdxFile("file", hashlib.sha256(content).hexdigest(), shape)

    def added(work: Callable[..., object], *arguments: object) -> int:
        tracemalloc.start()
        work(*arguments)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    array = int(np.prod(shape)) * 4
    assert added(data._read, path, file) < array + len(content) / 2
    # Negative control: the same measure sees the content of the file.
    assert added(path.read_bytes) > 0.9 * path.stat().st_size


# Errors: what load() says about a named folder, each naming the file and a remedy


def replace_one(folder: Path, change) -> Path:
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(change(path.read_bytes()))
    return path


def test_one_changed_pixel_is_found(folder, files):
    def change(content: bytes) -> bytes:
        raw = bytearray(gzip.decompress(content))
        raw[-1] ^= 1
        return gzip.compress(bytes(raw))

    path = replace_one(folder, change)
    found = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
    with pytest.raises(DataError, match="wrong content") as caught:
        data._read_folder(folder, "data_dir", files)
    message = str(caught.value)
    assert str(path) in message
    assert found in message
    assert files["train_images"].sha256 in message
    assert "fresh copy" in message


def test_other_data_of_the_same_format_are_not_mnist(folder):
    """And they are refused before there is an array for them: a header may ask for any size."""
    path = folder / "train-images-idx3-ubyte.gz"
    with pytest.raises(DataError, match=r"shape \(6, 3, 2\), expected \(60000, 28, 28\)") as caught:
        load("mnist", data_dir=folder)
    assert str(path) in str(caught.value)
    assert "fresh copy" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda content: content[:-12], "is truncated", id="gzip-cut-short"),
        pytest.param(lambda content: content[:30], "is truncated", id="gzip-cut-very-short"),
        pytest.param(
            lambda content: gzip.compress(gzip.decompress(content)[:-1]),
            "holds 51 bytes decompressed, expected 52",
            id="idx-cut-short",
        ),
        pytest.param(
            lambda content: gzip.compress(gzip.decompress(content)[:7]),
            "is truncated",
            id="idx-header-cut-short",
        ),
        pytest.param(
            lambda content: gzip.compress(gzip.decompress(content) + b"\0"),
            "is too long",
            id="idx-too-long",
        ),
        pytest.param(
            lambda content: gzip.compress(
                gzip.decompress(content)[:4] + bytes([255] * 12) + gzip.decompress(content)[16:]
            ),
            r"shape \(4294967295, 4294967295, 4294967295\), expected \(6, 3, 2\)",
            id="a-shape-that-no-memory-holds",
        ),
        pytest.param(
            lambda content: gzip.compress(b"\0\0\x08\x01" + gzip.decompress(content)[4:]),
            "bytes 00000801, expected 00000803",
            id="labels-for-images",
        ),
        pytest.param(lambda content: b"<!DOCTYPE html>", "bytes 3c21444f", id="a-web-page"),
        pytest.param(lambda content: b"", r"bytes \(none\)", id="empty"),
        pytest.param(
            lambda content: content[:-8] + bytes(4) + content[-4:],
            "no intact gzip file",
            id="gzip-checksum",
        ),
        pytest.param(
            lambda content: content[:10] + bytes([255] * 20) + content[30:],
            "no intact gzip file",
            id="gzip-garbled",
        ),
    ],
)
def test_damaged_file(folder, files, change, says):
    path = replace_one(folder, change)
    with pytest.raises(DataError, match=says) as caught:
        data._read_folder(folder, "data_dir", files)
    assert str(path) in str(caught.value)
    assert "fresh copy" in str(caught.value)


def test_missing_file(folder, files):
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="missing") as caught:
        data._read_folder(folder, "data_dir", files)
    assert "t10k-labels-idx1-ubyte.gz" in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "put the file there" in str(caught.value)


def test_missing_folder_names_who_named_it(tmp_path, monkeypatch):
    nowhere = tmp_path / "nowhere"
    with pytest.raises(DataError, match=r"nowhere' named by data_dir does not exist"):
        load("mnist", data_dir=nowhere)
    monkeypatch.setenv("CROSSPOINT_DATA", str(nowhere))
    with pytest.raises(DataError, match="environment variable CROSSPOINT_DATA does not exist"):
        load("mnist")


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(DataError, match="is no folder"):
        load("mnist", data_dir=path)


def test_the_argument_goes_before_the_environment(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSPOINT_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=str(folder)):
        load("mnist", data_dir=folder)


def test_unknown_name():
    with pytest.raises(DataError, match="name='cifar'; choose one of 'mnist', 'digits'"):
        load("cifar")


def test_digits_are_not_read_from_a_folder(folder):
    with pytest.raises(DataError, match=r"data_dir=.*leave data_dir out"):
        load("digits", data_dir=folder)


# The cache and its mirrors


class Mirror:
    """A folder served on this machine, which counts what is asked of it."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        mirror = self

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                mirror.asked.append(self.path)

        handler = functools.partial(Handler, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def mirror(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    mirror = Mirror(folder)
    yield mirror
    mirror.stop()


@pytest.fixture
def bad_mirror(tmp_path: Path, mirror: Mirror) -> Iterator[Mirror]:
    """A mirror whose files are web pages: what a login portal answers to everything."""
    pages = tmp_path / "pages"
    pages.mkdir()
    for file in data.MNIST_FILES.values():
        (pages / f"{file.name}.gz").write_text("<!DOCTYPE html>")
    bad = Mirror(pages)
    yield bad
    bad.stop()


# The discard port: nothing listens there, so that the connection is refused at once.
REFUSING = "http://127.0.0.1:9/"


def test_the_cache_is_filled_once(tmp_path, mirror, arrays, files):
    cache = tmp_path / "cache"
    assert_holds(data._read_cache(cache, files, [mirror.url]), arrays)
    assert len(mirror.asked) == 4
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        f"{file.name}.gz" for file in files.values()
    )
    assert_holds(data._read_cache(cache, files, [REFUSING]), arrays)
    assert len(mirror.asked) == 4


def test_mirrors_are_tried_in_turn(tmp_path, mirror, bad_mirror, arrays, files):
    cache = tmp_path / "cache"
    urls = [REFUSING, bad_mirror.url, mirror.url + "nowhere/", mirror.url]
    assert_holds(data._read_cache(cache, files, urls), arrays)
    assert len(bad_mirror.asked) == 1, "a mirror that failed is not asked again"


def test_a_damaged_cache_is_repaired(tmp_path, mirror, arrays, files):
    cache = tmp_path / "cache"
    data._read_cache(cache, files, [mirror.url])
    damaged = cache / "train-labels-idx1-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert_holds(data._read_cache(cache, files, [mirror.url]), arrays)
    assert mirror.asked[4:] == [f"/{damaged.name}"]


def test_a_bad_download_never_reaches_the_cache(tmp_path, bad_mirror, files):
    cache = tmp_path / "cache"
    with pytest.raises(data._UnavailableError, match="damaged content"):
        data._read_cache(cache, files, [bad_mirror.url])
    assert list(cache.iterdir()) == []


def test_an_unwritable_cache_is_unavailable(tmp_path, mirror, files):
    (tmp_path / "file").write_text("")
    with pytest.raises(data._UnavailableError, match="cannot be written"):
        data._read_cache(tmp_path / "file" / "cache", files, [mirror.url])


def test_without_mnist_the_digits_stand_in_loudly(tmp_path, mirror, monkeypatch):
    monkeypatch.delenv("CROSSPOINT_DATA", raising=False)
    monkeypatch.setenv("CROSSPOINT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(data._read_cache, "__defaults__", (data.MNIST_FILES, [mirror.url]))
    with pytest.warns(data.DataWarning, match="MNIST IS NOT IN USE"):
        dataset = load("mnist")
    assert dataset.name == "digits"
    assert "MNIST IS NOT IN USE" in dataset.notice
    assert "127.0.0.1" in dataset.notice, "the notice says what was tried"
    asked = len(mirror.asked)
    with pytest.warns(data.DataWarning):
        load("mnist")
    assert len(mirror.asked) == asked, "one process tries only once"


# The data themselves


def test_digits_are_the_real_ones_and_always_split_alike():
    digits, again = load("digits"), load("digits")
    assert digits.name == "digits"
    assert digits.notice == ""
    assert digits.image_shape == (8, 8)
    for images, labels, number in (
        (digits.train_images, digits.train_labels, 1440),
        (digits.test_images, digits.test_labels, 357),
    ):
        assert images.shape == (number, 64)
        assert images.dtype == np.float32
        assert images.min() == 0
        assert images.max() == 1
        # Every digit has its fair share, so that chance is near 10 %.
        share = np.bincount(labels, minlength=10) / number
        assert np.all(np.abs(share - 0.1) < 0.02)
    np.testing.assert_array_equal(digits.test_images, again.test_images)
    np.testing.assert_array_equal(digits.train_labels, again.train_labels)


def test_no_digit_image_is_in_both_parts():
    digits = load("digits")
    train = {image.tobytes() for image in digits.train_images}
    assert not any(image.tobytes() in train for image in digits.test_images)


def test_real_mnist(mnist_dir):
    mnist = load("mnist", data_dir=mnist_dir)
    assert mnist.train_images.shape == (60000, 784)
    assert mnist.test_images.shape == (10000, 784)
    assert mnist.image_shape == (28, 28)
    assert set(mnist.train_labels) == set(range(10))
    # A published fact about MNIST: the mean grey value of the training images is 0.1307.
    assert mnist.train_images.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    # The pictures stand upright in rows: a one is taller than wide, so its columns vary more.
    ones = mnist.train_images[mnist.train_labels == 1].mean(axis=0).reshape(28, 28)
    assert np.ptp(ones.sum(axis=0)) > np.ptp(ones.sum(axis=1))


def test_the_environment_names_real_mnist(mnist_dir, monkeypatch):
    monkeypatch.setenv("CROSSPOINT_DATA", str(mnist_dir))
    assert load("mnist").name == "mnist"
    assert "CROSSPOINT_DATA" in load("mnist").source
