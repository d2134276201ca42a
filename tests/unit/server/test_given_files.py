"""What a person names or pipes in is read whole, or refused before it fills the memory."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from sfsync_server.given_files import LONGEST_LINE, MEGABYTE, first_line, read_given
from sfsync_server.private_files import write_private


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_file_is_read_whole_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * MEGABYTE)
    assert len(read_given(file)) == MEGABYTE
    file.write_bytes(b"x" * (MEGABYTE + 1))
    assert len(read_given(file, 2)) == MEGABYTE + 1
    with pytest.raises(OSError, match="it is larger than 1 MB"):
        read_given(file)


def test_a_pipe_is_read_until_its_end(pipe: Path) -> None:
    writer = threading.Thread(target=pipe.write_bytes, args=[b"x" * 200_000])
    writer.start()
    assert read_given(pipe) == b"x" * 200_000
    writer.join()


def test_a_pipe_that_does_not_end_is_given_up(pipe: Path) -> None:
    """Nobody writes into it, then somebody does and goes on holding it."""
    with pytest.raises(OSError, match="it is a pipe that does not end within 0 seconds"):
        read_given(pipe, patience=0)
    held = os.open(pipe, os.O_RDWR)
    os.write(held, b"x")
    with pytest.raises(OSError, match="it is a pipe that does not end"):
        read_given(pipe, patience=0.01)
    os.close(held)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(device: str) -> None:
    with pytest.raises(OSError, match="it is a device, and no file"):
        read_given(Path(device))


def test_a_line_of_the_input_has_an_end() -> None:
    assert first_line(io.BytesIO(b"\xef\xbb\xbfsecret\r\nmore")) == "secret"
    assert len(first_line(io.BytesIO(b"x" * LONGEST_LINE))) == LONGEST_LINE
    with pytest.raises(ValueError, match=r"The first line of the input is too long\."):
        first_line(io.BytesIO(b"x" * (LONGEST_LINE + 1)))


def test_what_is_no_file_is_not_replaced_by_one(pipe: Path) -> None:
    with pytest.raises(OSError, match="it is there, and is no file"):
        write_private(pipe, b"ours")
    assert pipe.is_fifo()
