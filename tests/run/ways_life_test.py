"""What all components have in common: logs, metrics, signs of life, and how they die."""

import os
import signal
import time
import unittest

from harness import PATIENCE, Component, OnMessagePack, logs, temporary

WAYS_LIFE = os.environ["WAYS_LIFE"]
SANITIZED = os.environ["SANITIZED"] != "none"

TRACE, DEBUG, INFO, WARN, ERROR = range(5)


class LifeTest(unittest.TestCase):
    wire = "json"

    def component(self, name="life", conf=None, **more):
        return Component(self, WAYS_LIFE, name, conf, wire=self.wire, **more)

    def ask(self, bolt, *values, id="1"):
        """What is said but for the ack, which must come."""
        bolt.send_tuple(list(values), id=id)
        messages = [bolt.receive()]
        while messages[-1] != {"command": "ack", "id": id}:
            messages.append(bolt.receive())
        # What was printed is collected before the process sleeps, behind the ack.
        messages += bolt.answers()
        return [m for m in messages if m["command"] != "ack"]


class Log(LifeTest):
    LEVELS = [("trace", TRACE), ("debug", DEBUG), ("info", INFO), ("warn", WARN), ("error", ERROR)]

    def said(self, conf):
        return [(m["msg"], m["level"]) for m in self.ask(self.component(conf=conf), "levels")]

    def test_drops_what_is_below_its_level(self):
        printed = [("printed", INFO), ("complained", WARN)]
        for least, (name, _) in enumerate(self.LEVELS):
            for spelling in (name, name.upper()):
                expected = [(text + " 1", level) for text, level in self.LEVELS if level >= least]
                expected += [line for line in printed if line[1] >= least]
                self.assertEqual(self.said({"cstorm.log.level": spelling}), expected)

    def test_has_the_level_info_and_with_debugging_debug(self):
        self.assertEqual(len(self.said({})), 5)
        self.assertEqual(len(self.said({"topology.debug": True})), 6)
        self.assertEqual(len(self.said({"topology.debug": True, "cstorm.log.level": "error"})), 1)

    def test_refuses_a_level_that_is_none(self):
        for level in ("loud", 3):
            messages, status = self.component(conf={"cstorm.log.level": level}).end_of_life()
            self.assertIn("cstorm.log.level must be trace, debug, info, warn or error, not", messages[0]["msg"])
            self.assertEqual(status, 1)

    def test_drops_what_is_above_its_rate_and_says_how_much(self):
        bolt = self.component(conf={"cstorm.log.rate": 2})
        said = logs(self.ask(bolt, "log", 1000))
        self.assertEqual(said[:20], [f"line {n}" for n in range(20)])
        said += logs(bolt.rest()[0])
        told = [line for line in said if "suppressed" in line]
        dropped = sum(int(line.split()[0]) for line in told)
        self.assertEqual(len(said) - len(told) + dropped, 1000)
        self.assertGreater(dropped, 900)
        self.assertTrue(told[-1].endswith(" log messages were suppressed: more than cstorm.log.rate, 2 a second"))

    def test_goes_on_when_its_rate_allows(self):
        bolt = self.component(conf={"cstorm.log.rate": 20})
        self.ask(bolt, "log", 1000)
        said = []
        while not said:
            time.sleep(0.01)
            said = logs(self.ask(bolt, "log", 1))
        self.assertIn("log messages were suppressed", said[0])
        self.assertEqual(said[1:], ["line 0"])

    def test_has_no_rate_where_that_is_zero(self):
        self.assertEqual(len(self.ask(self.component(conf={"cstorm.log.rate": 0}), "log", 50000)), 50000)


class LogFile(LifeTest):
    def start(self, **conf):
        self.folder = temporary(self)
        conf = {"cstorm.log." + key: value for key, value in conf.items()}
        return self.component(conf={"cstorm.log.path": self.folder, "cstorm.log.rate": 0, **conf})

    def lines(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_is_named_after_the_task(self):
        bolt = self.start()
        self.assertEqual(self.ask(bolt, "levels"), [])
        (name,) = os.listdir(self.folder)
        self.assertEqual(name, f"cstorm_probe_life_4_{bolt.pid}.log")
        self.assertRegex(self.lines(name)[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} life 4 info: info 1$")
        self.assertEqual([line.split()[-2:] for line in self.lines(name)[1:3]], [["warn", "1"], ["error", "1"]])
        self.assertEqual(sorted(line.split()[-1] for line in self.lines(name)[3:]), ["complained", "printed"])

    def test_has_the_name_that_is_configured(self):
        self.start(file="{component}-{task}-{nothing}-{topology}.txt{").answers()
        self.assertEqual(os.listdir(self.folder), ["life-4-{nothing}-probe.txt{"])

    def test_is_appended_to(self):
        bolt = self.start(file="log")
        with open(os.path.join(self.folder, "log"), "a", encoding="utf-8") as file:
            file.write("what was there\n")
        self.ask(bolt, "log", 2)
        self.assertEqual(self.lines("log")[0], "what was there")
        self.assertEqual(len(self.lines("log")), 3)

    def test_is_renamed_when_it_is_large(self):
        bolt = self.start(file="log", max_bytes=500, backup_count=2)
        self.ask(bolt, "log", 100)
        self.assertEqual(sorted(os.listdir(self.folder)), ["log", "log.1", "log.2"])
        for name in os.listdir(self.folder):
            self.assertLessEqual(os.path.getsize(os.path.join(self.folder, name)), 500)
        last = self.lines("log.2") + self.lines("log.1") + self.lines("log")
        self.assertEqual([line.split()[-1] for line in last], [str(n) for n in range(100 - len(last), 100)])

    def test_is_cut_off_where_none_is_kept(self):
        bolt = self.start(file="log", max_bytes=500, backup_count=0)
        self.ask(bolt, "log", 100)
        self.assertEqual(os.listdir(self.folder), ["log"])
        self.assertLessEqual(os.path.getsize(os.path.join(self.folder, "log")), 500)

    def test_grows_where_it_has_no_limit(self):
        self.ask(self.start(file="log", max_bytes=0), "log", 30000)
        self.assertEqual(len(self.lines("log")), 30000)
        self.assertEqual(os.listdir(self.folder), ["log"])

    def test_takes_a_line_that_is_larger_than_the_limit(self):
        bolt = self.start(file="log", max_bytes=100, backup_count=1)
        self.ask(bolt, "print", 0, "x" * 300 + "\n" + "y" * 300 + "\n")
        self.assertIn("x" * 300, self.lines("log.1")[0])
        self.assertIn("y" * 300, self.lines("log")[0])

    def test_does_not_take_errors(self):
        bolt = self.start(file="log")
        bolt.send({"tuple": []})
        messages, _ = bolt.end_of_life()
        self.assertEqual([m["command"] for m in messages], ["error"])

    def test_must_be_there(self):
        bolt = self.component(conf={"cstorm.log.path": "/nowhere", "cstorm.log.file": "log"})
        messages, status = bolt.end_of_life()
        self.assertIn("the log file /nowhere/log: No such file or directory", messages[0]["msg"])
        self.assertEqual(status, 1)

    def test_has_limits_that_can_be_kept(self):
        for key, value, why in [("max_bytes", -1, "must be from 0 to 1000000000000000, not -1"),
                                ("max_bytes", 1e300, "not 1e+300"),
                                ("backup_count", -1, "must be from 0 to 1000, not -1"),
                                ("backup_count", 1001, "not 1001")]:  # fmt: skip
            messages, status = self.start(**{key: value}).end_of_life()
            self.assertIn(f"cstorm.log.{key} must be from 0", messages[0]["msg"])
            self.assertIn(why, messages[0]["msg"])
            self.assertEqual(status, 1)

    def test_that_cannot_be_written_is_given_up(self):
        bolt = self.component(conf={"cstorm.log.path": "/dev", "cstorm.log.file": "full"})
        messages = self.ask(bolt, "log", 2)
        self.assertEqual([m["level"] for m in messages], [ERROR, INFO, INFO])
        self.assertIn("cannot write the log file /dev/full: No space left on device", messages[0]["msg"])
        self.assertEqual(logs(messages)[1:], ["line 0", "line 1"])


class Printed(LifeTest):
    def setUp(self):
        self.bolt = self.component()

    def said(self, *values):
        return [(m["msg"], m["level"]) for m in self.ask(self.bolt, *values)]

    def test_is_logged_line_by_line(self):
        self.assertEqual(self.said("print", 0, "one\n\ntwo\nthr"), [("one", INFO), ("", INFO), ("two", INFO)])
        self.assertEqual(self.said("print", 0, "ee\nfour"), [("three", INFO)])
        self.assertEqual(self.said("complain", 0, "é\nhalf"), [("é", WARN)])
        messages, status = self.bolt.rest()
        self.assertEqual([(m["msg"], m["level"]) for m in messages], [("four", INFO), ("half", WARN)])
        self.assertEqual(status, 0)

    def test_by_a_child(self):
        self.assertEqual(self.said("child", 0, "echo out; echo err >&2; printf half"), [("out", INFO), ("err", WARN)])
        self.assertEqual(logs(self.bolt.rest()[0]), ["half"])

    def test_by_a_child_that_lives_on(self):
        folder = temporary(self)
        os.mkfifo(os.path.join(folder, "go"))
        self.assertEqual(self.said("child", 0, f"(read x <{folder}/go; echo later; echo done >{folder}/go) &"), [])
        with open(os.path.join(folder, "go"), "w", encoding="ascii") as go:
            go.write("\n")
        with open(os.path.join(folder, "go"), encoding="ascii") as go:
            self.assertEqual(go.read(), "done\n")
        self.assertEqual(logs(self.bolt.answers() + self.bolt.answers()), ["later"])

    def test_bytes_that_are_not_utf8(self):
        self.assertEqual(self.said("bytes"), [("\ufffd \0 caf\ufffd", INFO)])

    def test_long_lines_come_in_parts(self):
        for length in (32767, 32768, 32769, 70000):
            with self.subTest(length=length):
                parts = logs(self.ask(self.bolt, "print", 0, "x" * length + "\nend of it\n"))
                self.assertEqual(parts.pop(), "end of it")
                self.assertEqual("".join(parts), "x" * length)
                self.assertEqual(len(parts), 1 + (length - 1) // 32768)

    def test_parts_of_long_lines_are_whole_characters(self):
        parts = logs(self.ask(self.bolt, "print", 0, "x" + "é" * 30000 + "\n"))
        self.assertEqual("".join(parts), "x" + "é" * 30000)


class Metrics(LifeTest):
    def report(self, bolt):
        """What is reported at the end."""
        messages, status = bolt.rest()
        self.assertEqual(status, 0)
        return {m["name"]: m["params"] for m in messages if m["command"] == "metrics"}

    def start(self, **conf):
        return self.component(conf={"cstorm.metrics": True, "cstorm.metrics.interval.secs": 3600, **conf})

    def test_are_reported_at_the_end(self):
        bolt = self.start()
        for number in (5, -2, 10):
            self.ask(bolt, "count", number)
        for number in (1, 0.1):
            self.ask(bolt, "gauge", number)
        for number in (0.001, 0.002, 0.003):
            self.ask(bolt, "record", number)
        report = self.report(bolt)
        timer = report.pop("timer")
        self.assertEqual(report, {"counter": 13, "gauge": 0.1})
        self.assertEqual({key: timer[key] for key in ("count", "mean", "min", "max")},
                         {"count": 3, "mean": 2, "min": 1, "max": 3})
        # Of the quantiles one knows to an eighth what they are.
        self.assertAlmostEqual(timer["p50"], 2, delta=0.25)
        self.assertAlmostEqual(timer["p99"], 3, delta=0.375)

    def test_of_many_durations(self):
        bolt = self.start()
        for number in range(1, 1001):
            bolt.send_tuple(["record", number / 1000])
        bolt.answers()
        timer = self.report(bolt)["timer"]
        self.assertEqual((timer["count"], timer["min"], timer["max"]), (1000, 1, 1000))
        self.assertAlmostEqual(timer["p50"], 500, delta=62.5)
        self.assertAlmostEqual(timer["p99"], 990, delta=124)

    def test_of_durations_beyond_all_buckets(self):
        for seconds in (0, 1e-9, 1e6):
            bolt = self.start()
            self.ask(bolt, "record", seconds)
            timer = self.report(bolt)["timer"]
            self.assertEqual(timer.pop("count"), 1)
            self.assertEqual(sorted(timer), ["max", "mean", "min", "p50", "p99"])
            for millis in timer.values():
                self.assertAlmostEqual(millis, seconds * 1000, delta=seconds)

    def test_are_reported_at_intervals(self):
        bolt = self.start(**{"cstorm.metrics.interval.secs": 0.05})
        for _ in range(2):
            bolt.send_tuple(["count", 7], id="1")
            self.assertEqual(bolt.receive(), {"command": "ack", "id": "1"})
            self.assertEqual(bolt.receive(), {"command": "metrics", "name": "counter", "params": 7})
        self.assertEqual(self.report(bolt), {})

    def test_are_reported_only_where_that_is_configured(self):
        for conf in ({}, {"cstorm.metrics": False}, {"cstorm.metrics": "yes"}):
            bolt = self.component(conf=conf)
            self.ask(bolt, "count", 1)
            self.assertEqual(self.report(bolt), {})

    def test_need_an_interval(self):
        for seconds in (0, -1):
            messages, status = self.start(**{"cstorm.metrics.interval.secs": seconds}).end_of_life()
            self.assertEqual([m["command"] for m in messages], ["error"])
            self.assertIn("cstorm.metrics.interval.secs must be above zero", messages[0]["msg"])
            self.assertEqual(status, 1)

    def test_that_were_not_measured_are_not_reported(self):
        self.assertEqual(self.report(self.start()), {})

    def test_leave_alone_what_is_none(self):
        bolt = self.start()
        self.ask(bolt, "measure wrongly")
        self.assertEqual(self.report(bolt), {})

    def test_of_a_spout_come_with_an_answer(self):
        """While the parent does not ask, it does not read."""
        spout = self.component("spout", {"cstorm.metrics": True, "cstorm.metrics.interval.secs": 0.05})
        self.assertIn("next", logs(spout.command("next")[0]))
        time.sleep(0.3)
        self.assertEqual(spout.buffer, b"")
        messages, _ = spout.command("next")
        self.assertEqual([m["params"] for m in messages if m["command"] == "metrics"][:1], [1])


class Life(LifeTest):
    def test_gives_signs_of_life_while_it_is_busy(self):
        bolt = self.component(conf={"topology.subprocess.timeout.secs": 0.15})
        bolt.send_tuple(["sleep", 400], id="1")
        messages = bolt.answers()
        self.assertGreater(messages.count({"command": "log", "msg": "busy", "level": TRACE}), 0)
        self.assertEqual([m for m in messages if m.get("msg") != "busy"], [{"command": "ack", "id": "1"}])

    def test_gives_none_while_it_is_idle(self):
        bolt = self.component(conf={"topology.subprocess.timeout.secs": 0.06})
        time.sleep(0.3)
        self.assertEqual(bolt.answers(), [])

    def test_of_a_spout_gives_signs_in_an_answer_alone(self):
        spout = self.component("spout", {"topology.subprocess.timeout.secs": 0.15})
        messages, _ = spout.command("deactivate")
        self.assertGreater(logs(messages).count("busy"), 0)
        time.sleep(0.3)
        self.assertEqual(spout.rest(), ([], 0))

    def test_a_call_may_not_last_for_ever(self):
        bolt = self.component(conf={"cstorm.call.timeout.secs": 0.3, "topology.subprocess.timeout.secs": 0.15})
        bolt.send_tuple(["hang"], id="17")
        messages, status = bolt.end_of_life()
        self.assertEqual({m["msg"] for m in messages[:-1]}, {"busy"})
        report = messages[-1]
        self.assertEqual(report["command"], "error")
        self.assertIn("hung, and is ended: longer than cstorm.call.timeout.secs", report["msg"])
        self.assertIn("in process() of component life, task 4, tuple", report["msg"])
        self.assertIn("Stack, the innermost first", report["msg"])
        self.assertEqual(status, -signal.SIGABRT)

    def test_many_short_calls_may(self):
        bolt = self.component(conf={"cstorm.call.timeout.secs": 0.5, "topology.subprocess.timeout.secs": 0.15})
        for _ in range(20):
            bolt.send_tuple(["sleep", 50], id="1")
        messages = bolt.answers()
        self.assertEqual([m["command"] for m in messages if m.get("msg") != "busy"], ["ack"] * 20)

    def test_a_busy_one_ends_when_its_parent_is_gone(self):
        bolt = self.component(conf={"topology.subprocess.timeout.secs": 0.15})
        bolt.send_tuple(["hang"])
        self.assertEqual(logs([bolt.receive()]), ["busy"])
        bolt.process.stdin.close()
        bolt.process.stdout.close()
        self.assertEqual(bolt.process.wait(PATIENCE), 1)

    def test_an_idle_one_ends_when_its_parent_is_gone(self):
        for name in ("life", "spout"):
            component = self.component(name)
            component.process.stdin.close()
            component.process.stdout.close()
            self.assertIsNotNone(component.process.wait(PATIENCE))


class Crash(LifeTest):
    def crash(self, bolt, what, more=None):
        bolt.send_tuple([what, more], id="17")
        messages, status = bolt.end_of_life()
        report = messages[-1]
        self.assertEqual(report["command"], "error")
        self.assertEqual(bolt.process.stderr.read().decode().split("\n")[0], report["msg"].split("\n")[0])
        return messages[:-1], report["msg"], -status

    def check_report(self, report, number, subject):
        first = report.split("\n")[0]
        self.assertTrue(first.startswith(f"crashed by SIG{number.name[3:]}"), first)
        self.assertTrue(first.endswith(subject), first)
        self.assertIn("Stack, the innermost first", report)
        self.assertIn("ways_life(+0x", report)

    TUPLE = 'in process() of component life, task 4, tuple 17 from source, stream default'

    def test_is_reported(self):
        for number in (signal.SIGSEGV, signal.SIGFPE, signal.SIGABRT):
            if SANITIZED and number != signal.SIGABRT:
                continue  # the sanitizer has a handler of its own, and a report
            with self.subTest(number.name):
                before, report, status = self.crash(self.component(), number.name[3:])
                self.check_report(report, number, self.TUPLE)
                self.assertEqual(status, number)
                self.assertEqual([m["tuple"] for m in before],
                                 [["emitted before"]] if number == signal.SIGABRT else [])

    @unittest.skipIf(SANITIZED, "the sanitizer handles SIGSEGV itself")
    def test_names_the_address(self):
        self.assertIn("SIGSEGV at address 0x0 in ", self.crash(self.component(), "SEGV")[1])

    @unittest.skipIf(SANITIZED, "the sanitizer handles SIGSEGV itself")
    def test_of_the_stack(self):
        _, report, status = self.crash(self.component(), "overflow")
        self.check_report(report, signal.SIGSEGV, self.TUPLE)
        self.assertEqual(status, signal.SIGSEGV)

    def test_of_an_assertion_says_which(self):
        _, report, status = self.crash(self.component(), "assert")
        self.assertRegex(report, r'It said last on its standard error:\na "quoted" caf\?\? \\ and[\t?]tab\n')
        self.assertIn("Assertion `storm_tuple_size(tuple) == 77' failed.", report)
        self.assertEqual(status, signal.SIGABRT)

    def test_in_a_watcher_names_no_tuple(self):
        """The last tuple is settled or not: it is not what the component was doing."""
        for name in ("life", "manual"):
            with self.subTest(name):
                bolt = self.component(name)
                bolt.send_tuple(["abort later"], id="16")
                # What the tuple's message was in is used for another one, and moves.
                bolt.send_tuple(["unknown", "x" * 3000000], id="17")
                messages, status = bolt.end_of_life()
                self.check_report(messages[-1]["msg"], signal.SIGABRT,
                                  f"in the event loop of component {name}, task 4")
                self.assertEqual(status, -signal.SIGABRT)

    def test_in_a_batch_names_no_tuple(self):
        bolt = self.component("batch")
        bolt.send_tuple(["x"], id="17")
        messages, status = bolt.end_of_life()
        self.check_report(messages[-1]["msg"], signal.SIGABRT, "in process_batch() of component batch, task 4")
        self.assertEqual(status, -signal.SIGABRT)

    def test_of_a_spout_names_the_callback(self):
        spout = self.component("spout")
        spout.send({"command": "activate"})
        messages, status = spout.end_of_life()
        self.check_report(messages[-1]["msg"], signal.SIGABRT, "in activate() of component spout, task 4")
        self.assertEqual(status, -signal.SIGABRT)

    def test_leaves_whole_messages_behind(self):
        bolt = self.component(conf={"cstorm.log.rate": 0})
        bolt.send_tuple(["log", 100], id="1")
        before, _, _ = self.crash(bolt, "ABRT")
        self.assertEqual(logs(before), [f"line {n}" for n in range(100)])

    def test_ends_with_the_pid_file_left_for_the_supervisor(self):
        bolt = self.component()
        self.crash(bolt, "ABRT")
        self.assertEqual(os.listdir(bolt.folder), [str(bolt.pid)])


class LogOnMessagePack(OnMessagePack, Log):
    pass


class MetricsOnMessagePack(OnMessagePack, Metrics):
    pass


class LifeOnMessagePack(OnMessagePack, Life):
    pass


class CrashOnMessagePack(OnMessagePack, Crash):
    pass


if __name__ == "__main__":
    unittest.main()
