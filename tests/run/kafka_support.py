"""What the tests of Kafka share: a mock cluster, and what is in it."""

import concurrent.futures
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from harness import PATIENCE, Component

KAFKA_PROBE = os.environ["KAFKA_PROBE"]
KAFKA_WAYS = os.environ["KAFKA_WAYS"]
SCRIPT = os.path.join(os.environ["SOURCE"], "script/kafka")

PRODUCE, OFFSET_COMMIT = 0, 8
MSG_SIZE_TOO_LARGE, NOT_COORDINATOR = 10, 16


class Kafka:
    """Any cluster, by its address."""

    is_mock = False

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def close(self):
        pass

    def create(self, topic, partitions):
        self.probe("create", topic, str(partitions))

    def probe(self, command, *words, **more):
        return subprocess.run([KAFKA_PROBE, command, self.bootstrap, *words], stdout=subprocess.PIPE, check=True,
                              timeout=PATIENCE, text=True, **more).stdout

    def produce(self, topic, *messages):
        """Each a text, or a dictionary with key, value, headers, partition, timestamp."""
        lines = [message if isinstance(message, dict) else {"value": message, "partition": 0} for message in messages]
        self.probe("produce", topic, input="".join(json.dumps(line) + "\n" for line in lines))

    def consume(self, topic):
        return [json.loads(line) for line in self.probe("consume", topic).splitlines()]

    def committed(self, group, topic):
        """Of each partition: what is committed (-1001: nothing), and its end."""
        return json.loads(self.probe("committed", group, topic))


class Mock(Kafka):
    is_mock = True

    def __init__(self):
        self.process = subprocess.Popen([KAFKA_PROBE, "mock", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.lock = threading.Lock()
        super().__init__(self.process.stdout.readline().strip())

    def create(self, topic, partitions):
        self.command("topic", topic, partitions)

    def command(self, *words):
        with self.lock:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline() == "ok\n"

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE)


class Broker(Kafka):
    """A real one, of script/kafka."""

    def __init__(self, settings=()):
        self.folder = tempfile.TemporaryDirectory()
        # Members that are killed are soon forgotten.
        settings = {"group.min.session.timeout.ms": 1000, **dict(settings)}
        self.settings = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        self.start("--port", "0")

    def script(self, *words):
        # A pipe would be the broker's, too, and have no end.
        with tempfile.TemporaryFile("w+") as said:
            status = subprocess.run([SCRIPT, *words, "--folder", self.folder.name], stdout=said, stderr=said,
                                    stdin=subprocess.DEVNULL).returncode
            said.seek(0)
            text = said.read()
        assert status == 0, text
        return text

    def start(self, *words):
        self.script("start", *self.settings, *words)
        state = json.loads(self.script("status", "--json"))
        self.pid = state["pid"]
        super().__init__(state["bootstrap"])

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def start_again(self):
        self.start("--port", self.bootstrap.rpartition(":")[2])

    def close(self):
        self.script("stop")
        self.folder.cleanup()


def open_kafka():
    """What the environment says: a mock cluster, or a real broker. The tests are for either."""
    return Broker() if os.environ.get("KAFKA_BROKER") else Mock()


class KafkaTest(unittest.TestCase):
    kafka = None

    def topic(self, end="", partitions=1):
        """A new one, for this test."""
        name = f"{type(self).__name__}-{self.id().rpartition('.')[2]}{end}"
        self.kafka.create(name, partitions)
        return name


def eventually(test, expected, ask):
    """Asks until the answer is as expected; fails with the last one if it never is."""
    deadline = time.monotonic() + PATIENCE
    while (answer := ask()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    test.assertEqual(answer, expected)


class Spout(Component):
    """A spout of Kafka, with the test as its parent."""

    def __init__(self, test, kafka, conf, name="messages", fields=None, **more):
        self.kafka = kafka
        context = {"stream->outputfields": {"default": fields}} if fields else {"stream->outputfields": None}
        super().__init__(test, KAFKA_WAYS, name, {"kafka.bootstrap.servers": kafka.bootstrap,
                                                  "cstorm.spout.rest.max.millis": 20,
                                                  "topology.max.spout.pending": 10000, **conf}, context, **more)
        self.said = []  # whatever was no tuple

    def next(self):
        """One tuple, as soon as there is one."""
        while True:
            tuples = self.ask("next")
            if tuples:
                assert len(tuples) == 1, tuples
                return tuples[0]

    def ask(self, command, id=""):
        messages, self.synced = super().command(command, id)
        self.said += [message for message in messages if message["command"] != "emit"]
        return [message for message in messages if message["command"] == "emit"]

    def take(self, count):
        return [self.next() for _ in range(count)]

    def ack(self, *tuples):
        for message in tuples:
            self.ask("ack", message["id"])

    def fail(self, message):
        return self.ask("fail", message["id"])

    def is_quiet(self, times=20):
        """Whether it emits nothing when it is asked so often, each time for a while."""
        return not any(self.ask("next") for _ in range(times))

    def finishes(self):
        """Whether it says so before it emits any more."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.ask("next"):
                return False
            if self.synced.get("finished"):
                return True
        return False

    def text_of(self, command):
        return [message["msg"] for message in self.said if message["command"] == command]


class SideBySide(unittest.TestSuite):
    """A group needs some seconds until it has shared out its partitions: tests wait for that together."""

    def run(self, result, debug=False):
        def run_one(test):
            own = unittest.TestResult()
            test(own)
            return own

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for own in pool.map(run_one, self):
                result.testsRun += own.testsRun
                result.failures += own.failures
                result.errors += own.errors
        return result


def load_side_by_side(loader, tests, pattern):
    """For a module's load_tests."""
    flat = SideBySide()
    for of_class in tests:
        for test in of_class:
            flat.addTest(test)
    return flat
