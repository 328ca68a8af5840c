"""The topology urls between two topics of Kafka, on a cluster and with `cstorm run`: the results are the same.

Needs BUILD (the folder of the build) in the environment, too. The broker lives in the cluster's network.
"""

import json
import os
import subprocess
import unittest

from cluster_support import CSTORM, PATIENCE, SOURCE, ClusterTest, topology

PROBE = os.path.join(os.environ["BUILD"], "tests", "run", "kafka_probe")
PARTITIONS = 12
COUNT = 5000


@unittest.skipUnless(os.path.exists(topology("urls")), "built without librdkafka")
class KafkaTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = os.path.join(cls.home, "kafka")
        broker = os.path.join(SOURCE, "script", "kafka")
        cls.inside(broker, "start", "--port", "0", "--folder", folder, "-o", "group.min.session.timeout.ms=1000",
                   stdout=subprocess.DEVNULL)
        cls.addClassCleanup(cls.inside, broker, "stop", "--folder", folder)
        cls.bootstrap = json.loads(cls.inside(broker, "status", "--json", "--folder", folder))["bootstrap"]

    @classmethod
    def inside(cls, *command, stdout=subprocess.PIPE, **options):
        """In the network of the cluster."""
        found = subprocess.run([cls.SCRIPT, "exec", *command], stdout=stdout, text=True, timeout=PATIENCE, check=True,
                               env=dict(os.environ, CSTORM_CLUSTER=cls.home), **options)
        return found.stdout

    def probe(self, command, *words, **options):
        return self.inside(PROBE, command, self.bootstrap, *words, **options)

    def prepare(self, topic):
        self.probe("create", topic, str(PARTITIONS))
        for results in (f"{topic}-here", f"{topic}-there"):
            self.probe("create", results, "3")
        messages = [{"value": f"http://host{n % 97}/{n}?q={n * n}", "key": str(n)} for n in range(COUNT)]
        self.probe("produce", topic, input="".join(json.dumps(message) + "\n" for message in messages))

    def options(self, topic, results, **more):
        settings = {"source.use": "kafka", "sink.use": "kafka", "kafka.bootstrap.servers": self.bootstrap,
                    "source.topic": topic, "source.group": results, "sink.topic": results, "sink.key": "{netloc}",
                    "kafka.session.timeout.ms": 2000, "kafka.heartbeat.interval.ms": 300, **more}
        return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def results(self, topic):
        """Key and value of each message."""
        lines = self.probe("consume", topic).splitlines()
        return [(message["key"], message["value"]) for message in map(json.loads, lines)]

    def lag(self, group, topic):
        return sum(end - max(0, committed) for committed, end in json.loads(self.probe("committed", group, topic)))

    def run_here(self, topic):
        results = f"{topic}-here"
        self.inside(CSTORM, "run", topology("urls"), *self.options(topic, results, **{"source.stop": "end"}),
                    stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        found = self.results(results)
        self.assertEqual(len(found), COUNT)
        return set(found)

    def compare(self, topic):
        here, there = self.run_here(topic), set(self.results(f"{topic}-there"))
        self.assertEqual((len(there), list(there ^ here)[:3]), (COUNT, []))

    def test_results_are_those_of_a_run(self):
        self.prepare("plain")
        self.cstorm("submit", topology("urls"), *self.options("plain", "plain-there"), "-p", "source=2")
        self.until("the group has no lag", lambda: self.lag("plain-there", "plain") == 0)
        self.compare("plain")

    def test_nothing_is_lost_when_the_worker_is_killed(self):
        self.prepare("killed")
        self.cstorm("submit", topology("urls"), *self.options("killed", "killed-there", **{"cstorm.spout.rate": 300}))
        self.until("some are done", lambda: len(self.results("killed-there")) > 300)
        for pid in self.processes("org.apache.storm.daemon.worker.Worker"):
            self.end(pid)
        self.until("the group has no lag", lambda: self.lag("killed-there", "killed") == 0)
        self.compare("killed")


if __name__ == "__main__":
    unittest.main()
