"""Frames between a test process and the accelerator: src/kit/trial/forkserver.h describes them."""
import hashlib
import os
import re
import socket
import struct

HELLO, SERVE, PASS, READY, TRY, RESULT = range(1, 7)
# Between our own processes only.
ARRIVED, NOTHING, SLOWLY, DONE, MODULES, MORE = range(101, 107)

# enum observed_status
PASSED, FAILED, TIMEOUT, CRASHED, INVALID, UNSUPPORTED = range(6)

VERSION = 1
MESSAGE_MAX = 4000
_HEADER = struct.Struct("<III")
_ADDRESS = re.compile("0x[0-9a-fA-F]+")
_RESULT = struct.Struct("<IiiiQQ")


class Closed(Exception):
    """The other side is gone."""


class Channel:
    """Frames over a descriptor that poll() can watch."""

    def __init__(self, fd):
        self.fd = fd
        self.pending = bytearray()

    def fileno(self):
        return self.fd

    def send(self, kind, ident=0, body=b""):
        data = memoryview(_HEADER.pack(len(body) + 8, kind, ident) + body)
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except OSError:
                raise Closed()

    def read(self):
        """Blocks for the next bytes and gives the frames that are whole; raises Closed."""
        try:
            data = os.read(self.fd, 1 << 18)
        except OSError:
            data = b""
        if not data:
            raise Closed()
        self.pending += data
        frames = []
        at = 0
        while len(self.pending) - at >= 12:
            size, kind, ident = _HEADER.unpack_from(self.pending, at)
            if len(self.pending) - at < 4 + size:
                break
            frames.append((kind, ident, bytes(self.pending[at + 12 : at + 4 + size])))
            at += 4 + size
        del self.pending[:at]
        return frames

    def wait(self):
        """The next frame; nothing else may be under way."""
        while True:
            frames = self.read()
            if frames:
                return frames[0]

    def close(self):
        try:
            os.close(self.fd)
        except OSError:
            pass


def connect(path):
    """A channel to the accelerator, or None."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = None
    try:
        if len(path) > 100:
            folder = os.open(os.path.dirname(path), os.O_RDONLY)
            path = "/proc/self/fd/%d/%s" % (folder, os.path.basename(path))
        sock.connect(path)
        return Channel(os.dup(sock.fileno()))
    except OSError:
        return None
    finally:
        sock.close()
        if folder is not None:
            os.close(folder)


def pair():
    """Two channels joined to each other."""
    a, b = socket.socketpair()
    return Channel(a.detach()), Channel(b.detach())


class Edit:
    """Bytes [start, end) of the file at path become text."""

    __slots__ = ("path", "start", "end", "text")

    def __init__(self, path, start, end, text):
        self.path, self.start, self.end, self.text = path, start, end, text


def unpack_edits(body, root):
    """The edits of a TRY body: u32 count, then path, u64 start, u64 end, text for each."""
    (count,) = struct.unpack_from("<I", body)
    at = 4
    edits = []
    for _ in range(count):
        path, at = _take(body, at)
        start, end = struct.unpack_from("<QQ", body, at)
        text, at = _take(body, at + 16)
        edits.append(Edit(os.path.join(root, os.fsdecode(path)), start, end, text))
    return edits


def _take(body, at):
    (size,) = struct.unpack_from("<I", body, at)
    return body[at + 4 : at + 4 + size], at + 4 + size


class Outcome:
    """What trying one candidate gave."""

    __slots__ = ("status", "passed", "failed", "line", "message", "wall_us", "where")

    def __init__(self, status, message="", line=0, passed=-1, failed=-1, where=""):
        self.status, self.message, self.line = status, message, line
        self.passed, self.failed, self.where = passed, failed, where
        self.wall_us = 0

    def pack(self):
        message = self.message.encode("utf-8", "replace")[:MESSAGE_MAX]
        head = _RESULT.pack(
            self.status, self.passed, self.failed, self.line, self.wall_us, self.signature()
        )
        return head + message

    def signature(self):
        """Equal for candidates that fail alike: addresses do not count."""
        seen = "%d|%s|%d|%s" % (self.status, self.where, self.line, self.message[:MESSAGE_MAX])
        seen = _ADDRESS.sub("0x", seen).encode("utf-8", "replace")
        return int.from_bytes(hashlib.blake2b(seen, digest_size=8).digest(), "little")

    @classmethod
    def unpack(cls, body):
        status, passed, failed, line, wall_us, _ = _RESULT.unpack_from(body)
        message = body[_RESULT.size :].decode("utf-8", "replace")
        made = cls(status, message, line, passed, failed)
        made.wall_us = wall_us
        return made
