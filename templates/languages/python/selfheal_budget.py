"""CPU time that tests may take."""
import os
import signal


class Hang(BaseException):
    """Raised in a test that is over its budget."""


class Budget:
    """Within it Hang is raised, again and again, once the CPU time is spent. file: the test's,
    where line tells how far it came. more(line) may once give further seconds instead."""

    def __init__(self, seconds, file, more=None):
        self.seconds, self.file, self.more = seconds, file, more
        self.over = False
        self.line = 0

    def __enter__(self):
        signal.signal(signal.SIGPROF, self._alarm)
        signal.setitimer(signal.ITIMER_PROF, self.seconds, self.seconds)
        return self

    def _alarm(self, number, frame):
        if not self.over:
            self.line = line_in(self.file, frame)
            more, self.more = self.more, None
            extra = more(self.line) if more else 0
            if extra:
                signal.setitimer(signal.ITIMER_PROF, extra, self.seconds)
                return
        self.over = True
        raise Hang()

    def __exit__(self, kind, error, trace):
        while True:
            try:
                signal.setitimer(signal.ITIMER_PROF, 0)
                return kind is Hang
            except Hang:
                continue


def line_in(file, frame):
    """The line that the innermost frame of the file is at, or 0."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name == file or os.path.realpath(name) == file:
            return frame.f_lineno
        frame = frame.f_back
    return 0
