"""The statistics over HTTP, read as Prometheus reads them."""

import json
import re
import signal
import socket
import subprocess
import unittest
import urllib.error
import urllib.request

from runner_support import StoppingTest, bolt, python, spout

# Prometheus' own parser of the format, from the distribution's package.
PARSE = """
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([
    {"family": family.name, "type": family.type, "help": family.documentation,
     "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples]}
    for family in text_string_to_metric_families(sys.stdin.read())]))
"""


class Metrics(StoppingTest):
    def start_serving(self, *bolts, address="0", **conf):
        self.start("--metrics", address, self.endless(*bolts, **conf))
        self.wait_until(lambda: "metrics at http://" in self.log(), "the address is told")
        self.url = re.search(r"metrics at (http://\S+)", self.log()).group(1)

    def stop(self):
        self.runner.send_signal(signal.SIGTERM)
        return self.finish()

    def get(self, path=None, **request):
        url = self.url if path is None else self.url.replace("/metrics", path)
        with urllib.request.urlopen(urllib.request.Request(url, **request), timeout=60) as answer:
            return answer.headers, answer.read().decode()

    def parse(self, text):
        run = subprocess.run(
            ["/usr/bin/python3", "-c", PARSE], input=text, capture_output=True, text=True, check=False
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        return {family["family"]: family for family in json.loads(run.stdout)}

    def value(self, families, family, sample=None, **labels):
        for name, found, value in families[family]["samples"]:
            if name == (sample or name) and found == labels:
                return value
        self.fail(f"no {family} {labels}: {families[family]}")
        return None

    def test_are_those_of_the_run(self):
        self.start_serving(bolt("sink", ["source"], parallelism=2))
        self.wait_for_tuples()
        headers, text = self.get()
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        families = self.parse(text)
        output = {"component": "source", "stream": "default"}
        source = {"component": "sink", "source": "source", "stream": "default"}
        emitted = self.value(families, "cstorm_emitted", **output)
        self.assertGreaterEqual(emitted, 5)
        self.assertEqual(families["cstorm_emitted"]["type"], "counter")
        self.assertGreater(self.value(families, "cstorm_spout_acked", **output), 0)
        self.assertEqual(self.value(families, "cstorm_spout_failed", **output), 0)
        self.assertGreater(self.value(families, "cstorm_executed", **source), 0)
        acked = self.value(families, "cstorm_acked", **source)
        self.assertEqual(families["cstorm_latency_seconds"]["type"], "summary")
        count = self.value(families, "cstorm_latency_seconds", "cstorm_latency_seconds_count", **source)
        self.assertEqual(count, acked)
        seconds = self.value(families, "cstorm_latency_seconds", "cstorm_latency_seconds_sum", **source)
        self.assertGreater(seconds, 0)
        self.assertLess(seconds, count * 10)
        tasks = [found["task"] for _, found, _ in families["cstorm_task_memory_bytes"]["samples"]]
        self.assertEqual(len(set(tasks)), 3)
        self.assertGreater(self.value(families, "cstorm_memory_bytes", topology="test"), 1 << 20)
        later = self.value(self.parse(self.get()[1]), "cstorm_emitted", **output)
        self.assertGreaterEqual(later, emitted)
        self.stop()

    def test_have_names_that_need_quotes(self):
        name = 'a "sink"\\'
        self.start_serving(bolt(name, ["source"]))
        families = self.parse(self.get()[1])
        self.assertIn(name, [labels["component"] for _, labels, _ in families["cstorm_executed"]["samples"]])
        self.stop()

    def test_are_served_to_this_machine_alone(self):
        self.start_serving()
        self.assertRegex(self.url, r"^http://127\.0\.0\.1:\d+/metrics$")
        self.stop()

    def test_are_served_where_it_is_asked_for(self):
        self.start_serving(address="0.0.0.0:0")
        self.assertRegex(self.url, r"^http://0\.0\.0\.0:\d+/metrics$")
        self.stop()

    def test_are_all_that_there_is(self):
        self.start_serving()
        for path, request, status in (
            ("/", {}, 404),
            ("/metrics/more", {}, 404),
            ("/metrics", {"data": b"x"}, 405),
        ):
            with self.assertRaises(urllib.error.HTTPError) as raised:
                self.get(path, **request)
            self.assertEqual(raised.exception.code, status)
            raised.exception.close()
        self.assertEqual(self.get(method="HEAD")[1], "")
        self.stop()

    def test_survive_what_is_no_request(self):
        self.start_serving()
        host, port = re.search(r"//(.*):(\d+)/", self.url).groups()
        idle = socket.create_connection((host, int(port)))
        for garbage in (b"\0" * 4000, b"GET\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"x" * 200_000):
            with socket.create_connection((host, int(port)), timeout=60) as connection:
                try:
                    connection.sendall(garbage)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(4096):
                        pass
                except OSError:
                    pass  # it was hung up
        self.assertIn("cstorm_emitted_total", self.get()[1])
        idle.close()
        self.stop()

    def test_need_an_address_that_is_free(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.start("--metrics", str(port), self.endless())
            result = self.finish(status=1)
            self.assertIn(f"cannot serve metrics at {port}: Address already in use", result.log)
        for wrong in ("x", "localhost:1", "1.2.3:x", ":1", "65536000", ""):
            with self.subTest(wrong):
                self.start("--metrics", wrong, self.endless())
                self.assertIn(f"not {wrong}", self.finish(status=1).log)

    def test_of_the_components_are_among_them(self):
        messages = [
            {"command": "metrics", "name": "visits", "params": 4},
            {"command": "metrics", "name": "lag", "params": 2.5},
            {"command": "metrics", "name": "call", "params": {"count": 2, "mean": 500, "min": 1, "max": 999}},
        ]
        says = json.dumps({"messages": messages, "stderr": "", "stdout": ""})
        reporter = bolt("reporter", ["source"], command=python("talker.py"), says=says)
        reporter["metrics"] = [
            {"name": "visits", "kind": "counter"},
            {"name": "lag", "kind": "gauge"},
            {"name": "call", "kind": "timer"},
        ]
        self.start_serving(reporter)
        own = {"component": "reporter"}

        def reported():
            families = self.parse(self.get()[1])
            return families if families["cstorm_component_counter"]["samples"] else None

        families = self.wait_until(reported, "metrics are reported")
        visits = self.value(families, "cstorm_component_counter", **own, name="visits")
        self.assertEqual(visits % 4, 0)
        self.assertGreater(visits, 0)
        gauges = families["cstorm_component_gauge"]["samples"]
        self.assertEqual([(labels["name"], value) for _, labels, value in gauges], [("lag", 2.5)])
        timer = [value for _, labels, value in families["cstorm_component_timer_seconds"]["samples"]
                 if labels == {**own, "name": "call"}]  # fmt: skip
        total, count = timer
        self.assertAlmostEqual(total, count / 2)
        self.runner.kill()
        self.runner.wait()
        self.runner_was_killed = True


if __name__ == "__main__":
    unittest.main()
