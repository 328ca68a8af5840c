"""The commands that look after topologies on a cluster, against a Nimbus that does what a test wants of it."""

import json
import struct
import unittest

from nimbus_support import (FOUND, I64, LIST, STRING, STRUCT, ClusterTest, Nimbus, double, errors, executor, fields,
                             integer, listed, long, mapped, nested, string, string_map, summary, topologies,
                             topology_info)


class Lists(ClusterTest):
    def test_a_table(self):
        nimbus = Nimbus(self, getTopologySummaries=topologies(summary("words"), summary("others", "INACTIVE")))
        head, first, second = self.ask(nimbus, "list").stdout.splitlines()
        self.assertEqual(head.split(), ["NAME", "STATUS", "TASKS", "EXECUTORS", "WORKERS", "UPTIME/S", "ID"])
        self.assertEqual(first.split(), ["words", "ACTIVE", "7", "6", "1", "99", "words-1-1700000000"])
        self.assertEqual(second.split()[:2], ["others", "INACTIVE"])

    def test_json(self):
        nimbus = Nimbus(self, getTopologySummaries=topologies(summary("words")))
        (found,) = json.loads(self.ask(nimbus, "list", "--json").stdout)
        self.assertEqual((found["name"], found["num_tasks"], found["uptime_secs"]), ("words", 7, 99))
        self.assertEqual(json.loads(self.ask(Nimbus(self), "list", "--json").stdout), [])


def plain(text):
    return struct.pack(">i", len(text.encode())) + text.encode()


def stats(emitted=None, acked=0, failed=0, specific=b"", executors=1, tasks=1):
    common = integer(1, executors) + integer(2, tasks) + long(5, acked) + long(6, failed)
    return nested(2, common + (long(3, emitted) if emitted is not None else b"")) + nested(3, specific) + b"\0"


class Info(ClusterTest):
    def nimbus(self):
        bolt = nested(1, double(2, 1.5), long(3, 40), double(4, 0.25))
        spout = nested(2, double(1, 7.25))
        inputs = string(1, "lines") + string(2, "default") + b"\0" + stats(None, 39, 1, bolt)
        error = string(1, "java.lang.RuntimeException: it broke\n\tat a.B") + integer(2, 1700000000) + string(3, "worker1") + \
            integer(4, 6700) + b"\0"
        page = [string(1, "words-1-1700000000"), string(2, "words"), integer(3, 99), string(4, "ACTIVE"), integer(5, 7),
                integer(6, 2), integer(7, 6), string(17, "2.8.3"),
                mapped(9, STRING, plain("lines") + stats(20, 18, 2, spout)),
                mapped(10, STRING, plain("split") + stats(80, 39, 1, bolt, 2, 3))]  # fmt: skip
        pages = {
            b"lines": string(1, "lines") + mapped(9, STRING, plain("default") + stats(20, 18, 2, spout)),
            b"split": string(1, "split") + mapped(8, STRUCT, inputs) + mapped(9, STRING, plain("default") + stats(80))
            + struct.pack(">bhbi", LIST, 11, STRUCT, 1) + error,
        }
        return Nimbus(self, getTopologySummaryByName=struct.pack(">bh", STRUCT, 0) + summary("words"),
                      getTopologyPageInfo=nested(0, *page),
                      getComponentPageInfo=lambda arguments: nested(0, pages[arguments[2]]))  # fmt: skip

    def test_a_table(self):
        self.environment["TZ"] = "UTC"
        lines = self.ask(self.nimbus(), "info", "words").stdout.splitlines()
        self.assertEqual(lines[0], "words-1-1700000000: ACTIVE for 99 s, 2 workers, 6 executors, 7 tasks; Storm 2.8.3")
        self.assertEqual([line.split() for line in lines[3:7]], [
            ["lines", "1", "1", "->", "default", "20", "18", "2", "7.250"],
            ["split", "2", "3", "<-", "lines:default", "40", "39", "1", "1.500"],
            ["split", "2", "3", "->", "default", "80"],
            ["split", "is", "busy", "25.0", "%", "of", "the", "time"]])  # fmt: skip
        self.assertEqual(lines[-1], "2023-11-14 22:13:20 split on worker1:6700: java.lang.RuntimeException: it broke")

    def test_json(self):
        nimbus = self.nimbus()
        told = json.loads(self.ask(nimbus, "info", "--json", "--window", "600", "--system", "words").stdout)
        self.assertEqual(told["components"]["split"]["gsid_to_input_stats"][0][1]["specific_stats"]["bolt"]["executed"], 40)
        self.assertEqual(told["topology"]["id_to_bolt_agg_stats"]["split"]["common_stats"]["num_tasks"], 3)
        self.assertEqual(nimbus.called("getTopologyPageInfo"), [{1: b"words-1-1700000000", 2: b"600", 3: True}])
        self.assertEqual(nimbus.called("getComponentPageInfo")[0], {1: b"words-1-1700000000", 2: b"lines", 3: b"600", 4: True})

    def test_one_that_is_not_there(self):
        nimbus = Nimbus(self, getTopologySummaryByName=nested(1, string(1, "words is not alive")))
        self.assertEqual(self.refuse(nimbus, "info", "words"), "cstorm info: words is not alive\n")

    def test_usage(self):
        self.assertIn("Storm's windows are 600, 10800 and 86400 s, not 5",
                      self.cstorm("info", "--window", "5", "words", status=2).stderr)  # fmt: skip
        self.assertIn("the name of a topology is missing", self.cstorm("info", status=2).stderr)


class Lifecycle(ClusterTest):
    def test_what_nimbus_is_asked(self):
        nimbus = Nimbus(self)
        self.ask(nimbus, "activate", "words")
        self.ask(nimbus, "deactivate", "words")
        self.ask(nimbus, "kill", "words")
        self.ask(nimbus, "kill", "-w", "5", "words")
        asked = [call for call in nimbus.calls if call[0] != "getLeader"]
        self.assertEqual(asked, [("activate", {1: b"words"}), ("deactivate", {1: b"words"}),
                                 ("killTopologyWithOpts", {1: b"words", 2: {}}),
                                 ("killTopologyWithOpts", {1: b"words", 2: {1: 5}})])  # fmt: skip

    def test_what_nimbus_refuses(self):
        nimbus = Nimbus(self, activate=nested(1, string(1, "words is not alive")),
                        deactivate=nested(2, string(1, "you are not allowed to")))  # fmt: skip
        self.assertEqual(self.refuse(nimbus, "activate", "words"), "cstorm activate: words is not alive\n")
        self.assertEqual(self.refuse(nimbus, "deactivate", "words"),
                         "cstorm deactivate: not authorized: you are not allowed to\n")  # fmt: skip

    def test_usage(self):
        for command in ("activate", "deactivate", "kill"):
            self.assertIn("the name of a topology is missing", self.cstorm(command, status=2).stderr)
            self.assertIn("what is this: b", self.cstorm(command, "a", "b", status=2).stderr)
            self.assertIn("--timeout must be", self.cstorm(command, "--timeout", "x", "a", status=2).stderr)
        self.assertIn("--wait must be", self.cstorm("kill", "-w", "-1", "a", status=2).stderr)
        self.assertIn("the options are not understood", self.cstorm("activate", "-w", "1", "a", status=2).stderr)
        self.assertIn("what is this: x", self.cstorm("list", "x", status=2).stderr)


class Errors(ClusterTest):
    ANSWER = topology_info(split=["java.io.IOException: gone\n\tat A.b(A.java:5)", "early"], count=[])

    def test_the_last_one_stays(self):
        last = nested(4, string(1, "the last one"), integer(2, 1600000000), string(3, "host"), integer(4, 6700))
        known = nested(4, string(1, "early"), integer(2, 1700000000), string(3, "host"), integer(4, 6700))
        page = nested(0, string(1, "words"), string_map(9, STRUCT, lines=last + b"\0"),
                      string_map(10, STRUCT, split=known + b"\0"))  # fmt: skip
        nimbus = Nimbus(self, getTopologyInfo=self.ANSWER, getTopologyPageInfo=page, **FOUND)
        found = json.loads(self.ask(nimbus, "errors", "--json", "words").stdout)
        self.assertEqual({name: [one["error"] for one in list] for name, list in found.items() if name != "split"},
                         {"lines": ["the last one"], "count": []})  # fmt: skip
        self.assertEqual(len(found["split"]), 2)

    def test_they_are_shown(self):
        nimbus = Nimbus(self, getTopologyInfo=self.ANSWER, getTopologyPageInfo=nested(0), **FOUND)
        lines = self.ask(nimbus, "errors", "words").stdout.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^2023-11-1\d \d\d:\d\d:\d\d split on host:6700: java.io.IOException: gone$")
        self.assertEqual(nimbus.called("getTopologyInfo"), [{1: b"words-1-1700000000"}])
        self.assertIn("\tat A.b(A.java:5)\n", self.ask(nimbus, "errors", "--full", "words").stdout)
        self.assertEqual(self.ask(nimbus, "errors", "-c", "count", "words").stdout, "no errors\n")
        self.assertIn("the topology words has no component x", self.refuse(nimbus, "errors", "-c", "x", "words"))
        found = json.loads(self.ask(nimbus, "errors", "--json", "words").stdout)
        self.assertEqual([one["error"] for one in found["split"]][1], "early")
        self.assertEqual(found["count"], [])


class LogLevel(ClusterTest):
    LEVELS = nested(0, string_map(2, STRUCT, ROOT=fields(integer(1, 2), string(2, "DEBUG"), long(4, 1700000000000), b"\0"),
                              other=fields(integer(1, 2), string(2, "OFF"), b"\0")))  # fmt: skip

    def test_changes(self):
        nimbus = Nimbus(self, getTopologyInfo=topology_info(), getLogConfig=self.LEVELS, setLogConfig=b"", **FOUND)
        said = self.ask(nimbus, "log-level", "words", "ROOT=debug:60", "a.B=WARN", "-r", "c").stdout
        self.assertRegex(said, r"ROOT=DEBUG until 2023-11-1\d \d\d:\d\d:\d\d\nother=OFF \n")
        [call] = nimbus.called("setLogConfig")
        self.assertEqual(call[1], b"words-1-1700000000")
        self.assertEqual(dict(call[2][2]), {b"ROOT": {1: 2, 2: b"DEBUG", 3: 60}, b"a.B": {1: 2, 2: b"WARN", 3: 0}, b"c": {1: 3}})
        self.ask(nimbus, "log-level", "words")
        self.assertEqual(len(nimbus.called("setLogConfig")), 1)
        self.assertIn("named_logger_level", json.loads(self.ask(nimbus, "log-level", "--json", "words").stdout))

    def test_none(self):
        nimbus = Nimbus(self, getTopologyInfo=topology_info(), getLogConfig=nested(0), **FOUND)
        self.assertEqual(self.ask(nimbus, "log-level", "words").stdout, "every logger is as it was configured\n")

    def test_wrong_usage(self):
        for word, why in [("a=LOUD", "a level is ALL, TRACE"), ("a", "it must be LOGGER=LEVEL"), ("=INFO", "it must be"),
                          ("a=INFO:x", "the number of SECONDS must be a whole number"),
                          ("a=INFO:9999999", "up to 604800")]:  # fmt: skip
            self.assertIn(why, self.cstorm("log-level", "words", word, status=2).stderr)
        self.assertIn("the name of a topology is missing", self.cstorm("log-level", status=2).stderr)


def page(uptime=100, **counts):
    """A topology's page with one spout and one bolt."""
    def stats(kind, tasks, *specific):
        common = nested(2, integer(1, 1), integer(2, tasks), *(long(3 + i, counts.get(kind, 0)) for i in range(4)))
        return fields(common, nested(3, *specific), b"\0")

    return nested(0, string(1, "words-1-1700000000"), string(2, "words"), integer(3, uptime), string(4, counts.get("status", "ACTIVE")),
                  integer(6, 2), string_map(9, STRUCT, lines=stats("spout", 1, nested(2, double(1, 5.5)))),
                  string_map(10, STRUCT, split=stats("bolt", 4, nested(1, double(2, 0.25), long(3, counts.get("bolt", 0)), double(4, 0.9)))),
                  nested(12, string_map(1, I64, **{":all-time": struct.pack(">q", 77)})))  # fmt: skip


class Top(ClusterTest):
    def test_rates(self):
        pages = iter([page(bolt=1000, spout=500), page(101, bolt=1000, spout=500), page(102, bolt=9000, spout=4500)])
        nimbus = Nimbus(self, getTopologyPageInfo=lambda _: next(pages, None), **FOUND)
        looks = self.ask(nimbus, "top", "-n", "3", "--interval", "0.5", "words").stdout.split("\n\nwords-1")
        self.assertEqual(len(looks), 3)
        for look in looks[:2]:  # since the start: nothing was counted between the two
            self.assertRegex(look, r"(?m)^lines +spout +1 +1 +5 +5 +5 +5.500$")
            self.assertRegex(look, r"(?m)^split +bolt +4 +1 +10 +10 +10 +10 +0.250 +90.0  <- bottleneck$")
        self.assertRegex(looks[2], r"(?m)^split +bolt +4 +1 +\d{3,5} ")

    def test_json_and_the_end(self):
        ended = nested(1, string(1, "words is not alive"))
        pages = iter([page(), page()])
        nimbus = Nimbus(self, getTopologyPageInfo=lambda _: next(pages, ended), **FOUND)
        lines = self.ask(nimbus, "top", "--json", "--interval", "0.01", "words").stdout.splitlines()
        self.assertEqual([json.loads(line)["id"] for line in lines], ["words-1-1700000000"] * 2)
        self.assertIn("words is not alive", self.refuse(nimbus, "top", "words"))
        self.assertIn("which topology on the cluster?", self.cstorm("top", "--cluster", status=2).stderr)


class Stats(ClusterTest):
    COMPONENT = nested(0, string(1, "split"), string_map(7, STRUCT, **{
        "600": fields(nested(2, long(3, 11), long(5, 12)), b"\0"), ":all-time": fields(nested(2, long(3, 21)), b"\0")}),
        listed(10, fields(nested(1, executor("split", 3, 4, 50)), nested(2, nested(2, long(3, 31))))))  # fmt: skip

    def test_windows_and_executors(self):
        nimbus = Nimbus(self, getTopologyPageInfo=page(), getComponentPageInfo=self.COMPONENT, **FOUND)
        said = self.ask(nimbus, "stats", "-c", "split", "words").stdout
        self.assertRegex(said, r"(?m)^words +all time +77 *$")
        self.assertRegex(said, r"(?m)^split +10 minutes +11 +12 *$")
        self.assertRegex(said, r"(?m)^split +all time +21 *$")
        self.assertRegex(said, r"(?m)^split 3-4 +host:6700 +31 *$")
        self.assertNotIn("lines", said)
        found = json.loads(self.ask(nimbus, "stats", "--json", "words").stdout)
        self.assertEqual(sorted(found["components"]), ["lines", "split"])
        self.assertIn("has no component x", self.refuse(nimbus, "stats", "-c", "x", "words"))


class Rebalance(ClusterTest):
    def test_what_is_sent(self):
        pages = iter([page(), page(status="REBALANCING"), page()])
        nimbus = Nimbus(self, getTopologyPageInfo=lambda _: next(pages), rebalance=b"", **FOUND)
        found = self.ask(nimbus, "rebalance", "-w", "0", "-n", "3", "--json", "words", "split=4", "lines=1").stdout
        self.assertEqual(json.loads(found)["id"], "words-1-1700000000")
        self.assertEqual(list(pages), [])
        [call] = nimbus.called("rebalance")
        self.assertEqual((call[1], call[2][1], call[2][2]), (b"words", 0, 3))
        self.assertEqual(dict(call[2][3]), {b"split": 4, b"lines": 1})

    def test_what_cannot_be(self):
        nimbus = Nimbus(self, getTopologyPageInfo=page(),
                        rebalance=nested(2, string(1, "Invalid component x")), **FOUND)  # fmt: skip
        self.assertIn("split has 4 tasks, and so 4 executors at most", self.refuse(nimbus, "rebalance", "words", "split=5"))
        self.assertEqual(nimbus.called("rebalance"), [])
        self.assertIn("Invalid component x", self.refuse(nimbus, "rebalance", "words", "x=1"))


if __name__ == "__main__":
    unittest.main()
