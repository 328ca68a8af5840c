"""What script/cluster and script/kafka share: the folder that a server lives in, and where Java finds it."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent


class Failure(Exception):
    """What a user should know."""


class Place:
    """A folder, whose lock is held by what lives there."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.state_file = self.folder / "state.json"

    @contextlib.contextmanager
    def lock(self):
        """Yields the lock's descriptor, or None when another one has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield fd
        finally:
            os.close(fd)

    def state(self):
        """What was written down of it; None when it does not live."""
        if not self.state_file.exists():
            return None
        with self.lock() as lock:
            if lock is not None:
                return None
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(self.state_file.read_text())
        return None

    def write_state(self, state):
        new = self.state_file.with_suffix(".new")
        new.write_text(json.dumps(state, indent=2) + "\n")
        new.rename(self.state_file)


def find_class_path(name, what, *more):
    """Of the POM in the folder NAME, from Maven; known again until the POM, or another file of `more`, changes."""
    pom = SOURCE / "jvm-harness" / name / "pom.xml"
    cache = SOURCE / "build" / f"{name}.class-path"
    if cache.exists() and all(cache.stat().st_mtime > source.stat().st_mtime for source in [pom, *more]):
        class_path = cache.read_text().strip()
        if all(os.path.exists(path) for path in class_path.split(":")):
            return class_path
    if not shutil.which("mvn"):
        raise Failure(f"mvn is missing, which fetches {what}: script/bootstrap installs it")
    print(f"fetching {what}", file=sys.stderr)
    cache.parent.mkdir(exist_ok=True)
    found = subprocess.run(["mvn", "-q", "-B", "-ntp", "-f", pom, "dependency:build-classpath",
                            f"-Dmdep.outputFile={cache}"], check=False, stdout=sys.stderr)
    if found.returncode != 0:
        raise Failure(f"{what} could not be fetched: mvn ended with status {found.returncode}")
    return cache.read_text().strip()


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]
