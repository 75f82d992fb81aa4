"""Long uploads: received into a file first, so that no slow client holds the database, then stored; each one's progress
is told at `/v1/uploads`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import BinaryIO, Literal
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.api import answers
from gateway.api.authorisation import needs
from gateway.api.body import check_type
from gateway.api.forms import LONGEST_UPLOAD
from gateway.api.openapi import example
from gateway.api.problems import Unfit
from gateway.api.query import as_time, asked, parameters
from gateway.rim import Strict

CSV = "text/csv"

LONGEST_LINE = 65_536
"""Bytes of one line; what is longer is no list of numbers."""

_REMEMBERED = 100

Mode = Literal["replace", "add", "remove"]
State = Literal["receiving", "storing", "done", "refused"]


@dataclass(slots=True)
class Upload:
    """One upload on its way: `received` counts bytes (of `size`, if that is known), `numbers` those looked at."""

    id: str
    group: str
    mode: Mode
    size: int | None
    started: float
    state: State = "receiving"
    received: int = 0
    numbers: int = 0
    ended: float | None = None

    def looked_at(self, numbers: int) -> None:
        """Take note that so many numbers have been looked at."""
        self.numbers = numbers


class UploadStatus(BaseModel):
    """How far an upload is."""

    id: str
    group: str
    mode: Mode
    state: State
    received: int = Field(description="Bytes.")
    size: int | None = Field(description="Bytes, where the client told beforehand.")
    numbers: int = Field(description="Lines read so far, then numbers stored so far.")
    started: datetime
    ended: datetime | None


class UploadList(BaseModel):
    """The uploads that run and the last that ended, newest first."""

    items: list[UploadStatus]


class Uploads:
    """The uploads of one process: those that run and the last hundred."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._all: deque[Upload] = deque(maxlen=_REMEMBERED)

    @contextmanager
    def one(self, group: str, mode: Mode, size: int | None) -> Iterator[Upload]:
        """An upload whose progress is told until the block ends: done, or refused by an exception."""
        upload = Upload(str(uuid4()), group, mode, size, self._now())
        self._all.appendleft(upload)
        try:
            yield upload
            upload.state = "done"
        except BaseException:
            upload.state = "refused"
            raise
        finally:
            upload.ended = self._now()

    def told(self) -> list[UploadStatus]:
        """Each with its progress, newest first."""
        return [_status(upload) for upload in list(self._all)]


def router(uploads: Uploads) -> APIRouter:
    """`/v1/uploads`."""
    routes = APIRouter(prefix="/v1", tags=["list-groups"], dependencies=[needs(Permission.READ)])

    @routes.get(
        "/uploads",
        summary="Progress of the uploads of numbers",
        responses=example({"items": [answers.UPLOAD]}),
        openapi_extra=parameters(Strict),
    )
    async def list_uploads(request: Request) -> UploadList:
        asked(Strict, request)
        return UploadList(items=uploads.told())

    return routes


def announced_size(request: Request) -> int | None:
    """The length a client announces; raises Unfit (413, 415) for what is not going to be received."""
    check_type(request, CSV)
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isascii() and announced.isdigit() else None
    if size is not None and size > LONGEST_UPLOAD:
        raise _too_long()
    return size


@contextmanager
def room() -> Iterator[BinaryIO]:
    """A file for one upload, which is gone when the block ends."""
    with TemporaryFile(prefix="upload-") as file:
        yield file


async def receive(request: Request, upload: Upload, file: BinaryIO) -> None:
    """Write the body of a request to the file, bounded, and put the file back to its beginning."""
    async for chunk in request.stream():
        upload.received += len(chunk)
        if upload.received > LONGEST_UPLOAD:
            raise _too_long()
        _write(file, chunk)
    file.seek(0)
    upload.state = "storing"


def _write(file: BinaryIO, chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise Unfit(
            507, f"no room for the upload: {error.strerror}; do: make some in the folder of temporary files"
        ) from None


def lines(file: BinaryIO) -> Iterator[str]:
    """Each line without its end; raises Unfit (422) for one that is too long. Bytes that are no text stay visible as such."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise Unfit(422, f"line {number} has more than {LONGEST_LINE} bytes: write one number a line")
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
        yield text.rstrip("\r\n")


def _too_long() -> Unfit:
    return Unfit(
        413, f"an upload has {LONGEST_UPLOAD} bytes at most: send the rest as another one, with ?mode=add"
    )


def _status(upload: Upload) -> UploadStatus:
    return UploadStatus(
        id=upload.id,
        group=upload.group,
        mode=upload.mode,
        state=upload.state,
        received=upload.received,
        size=upload.size,
        numbers=upload.numbers,
        started=as_time(upload.started),
        ended=as_time(upload.ended) if upload.ended is not None else None,
    )
