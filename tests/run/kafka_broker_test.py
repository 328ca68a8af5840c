"""The topology urls between two topics of a real broker: whatever is killed, each message is processed at least once,
and nothing is committed that was not."""

import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from harness import CSTORM
from kafka_support import Broker, eventually

URLS = os.path.join(os.environ["EXAMPLES"], "urls")
PATIENCE = 180
PARTITIONS = 12
COUNT = 20000
# For tests that count each message once: a machine with much to do must not look like a dead member.
PATIENT = ["-o", "kafka.session.timeout.ms=60000", "-o", "source.drain_seconds=100"]

broker = Broker()
unittest.addModuleCleanup(broker.close)


class Run:
    """`cstorm run` of urls, from one topic to another."""

    def __init__(self, test, topic, parts, *options):
        self.folder = tempfile.TemporaryDirectory()
        test.addCleanup(self.folder.cleanup)
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.folder.name)
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        test.addCleanup(self.log.close)
        settings = {"source.use": "kafka", "sink.use": "kafka", "kafka.bootstrap.servers": broker.bootstrap,
                    "source.topic": topic, "sink.topic": parts, "sink.key": "{netloc}", "source.group": topic,
                    "source.stop": "end", "source.commit_seconds": 0.2, "kafka.session.timeout.ms": 2000,
                    "kafka.heartbeat.interval.ms": 300, "kafka.reconnect.backoff.max.ms": 500}
        words = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        self.process = subprocess.Popen([CSTORM, "run", URLS, *words, *options], stderr=self.log, env=self.environment,
                                        stdin=subprocess.DEVNULL)
        test.addCleanup(self.kill)

    def text(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def pids(self, component):
        """Of its tasks, those that live."""
        found = subprocess.run([CSTORM, "top", "--json", "-n", "1", str(self.process.pid)], env=self.environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        if found.returncode != 0:
            return []
        return [task["pid"] for entry in json.loads(found.stdout)["components"] if entry["name"] == component
                for task in entry["processes"] if task["state"] == "running"]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


class BrokerTest(unittest.TestCase):
    def setUp(self):
        self.topic = self.id().rpartition(".")[2]
        self.parts = self.topic + "-parts"
        broker.create(self.topic, PARTITIONS)
        broker.create(self.parts, 3)
        broker.produce(self.topic, *[{"value": f"http://host{n % 97}/{n}", "key": str(n)} for n in range(COUNT)])

    def start(self, *options):
        return Run(self, self.topic, self.parts, *options)

    def numbers(self):
        """Which URLs were processed."""
        return [int(json.loads(message["value"])["path"][1:]) for message in broker.consume(self.parts)]

    def committed(self):
        return sum(max(0, committed) for committed, _ in broker.committed(self.topic, self.topic))

    def wait_until_committed(self, count, *runs):
        deadline = time.monotonic() + PATIENCE
        while self.committed() < count:
            self.assertLess(time.monotonic(), deadline, "\n".join(run.text()[-3000:] for run in runs))
            time.sleep(0.02)

    def check_all(self, *runs):
        """The runs end by themselves, and nothing is left to do."""
        for run in runs:
            self.assertEqual(run.process.wait(PATIENCE), 0, run.text()[-5000:])
        numbers = self.numbers()
        self.assertEqual(set(numbers), set(range(COUNT)))
        eventually(self, 0, lambda: sum(end - committed for committed, end in broker.committed(self.topic, self.topic)))
        return len(numbers)

    def test_all_is_processed(self):
        run = self.start("-p", "source=3", *PATIENT)
        self.check_all(run)
        self.assertEqual(len([line for line in run.text().splitlines() if "ERROR" in line]), 0, run.text())

    def test_each_once_where_nothing_is_killed(self):
        self.assertEqual(self.check_all(self.start(*PATIENT)), COUNT)

    def test_the_broker_is_killed_and_comes_back(self):
        run = self.start("-o", "cstorm.spout.rate=6000")
        self.wait_until_committed(1000, run)
        broker.kill()
        time.sleep(1)
        broker.start_again()
        self.check_all(run)

    def test_spouts_are_killed(self):
        run = self.start("-p", "source=2", "-o", "cstorm.spout.rate=3000")
        for count in (1000, 6000):
            self.wait_until_committed(count, run)
            os.kill(run.pids("source")[0], signal.SIGKILL)
        self.check_all(run)
        self.assertEqual(run.text().count("signal 9 (Killed)"), 2)

    def test_a_spout_that_is_killed_does_not_start_anew(self):
        run = self.start("-o", "cstorm.spout.rate=6000", "-o", "source.start=earliest")
        self.wait_until_committed(10000, run)
        os.kill(run.pids("source")[0], signal.SIGKILL)
        self.assertLess(self.check_all(run), COUNT + 8000)

    def test_bolts_are_killed(self):
        run = self.start("-o", "cstorm.spout.rate=5000")
        for kill in range(8):
            self.wait_until_committed(500 + 1500 * kill, run)
            pids = run.pids("sink") if kill % 3 == 0 else run.pids("urlparse")
            os.kill(random.choice(pids), signal.SIGKILL)
        self.check_all(run)
        self.assertEqual(run.text().count("signal 9 (Killed)"), 8)

    def test_a_second_run_shares_the_work(self):
        options = ["-o", "cstorm.spout.rate=2000", "-p", "source=2", *PATIENT]
        first = self.start(*options)
        self.wait_until_committed(1000, first)
        second = self.start(*options)
        count = self.check_all(first, second)
        self.assertIn("Kafka takes away", first.text())
        # A rebalance waits for what is on its way.
        self.assertEqual(count, COUNT)

    def test_a_second_run_takes_over(self):
        first = self.start("-o", "cstorm.spout.rate=4000")
        self.wait_until_committed(2000, first)
        first.kill()
        # Nothing is committed that the broker has not got the parts of.
        done = set(self.numbers())
        committed = broker.committed(self.topic, self.topic)
        for message in broker.consume(self.topic):
            if message["offset"] < committed[message["partition"]][0]:
                self.assertIn(int(message["key"]), done)
        self.check_all(self.start())


if __name__ == "__main__":
    unittest.main()
