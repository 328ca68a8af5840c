"""How components die, and what they say of it; and long calls, which they survive."""

import os
import signal
import unittest

from harness import MESSAGE_PACK, PATIENCE, WaysTest, emits

SANITIZED = "sanitize" in os.environ["BUILD"]


class Death(WaysTest):
    def report_of(self, how, conf=None):
        bolt = self.component("death", conf)
        bolt.send_tuple([how], id="-123")
        messages = []
        try:
            while True:
                messages.append(bolt.receive())
        except EOFError:
            pass
        bolt.process.wait(PATIENCE)
        reports = [m["msg"] for m in messages if m["command"] == "error"]
        self.assertEqual(len(reports), 1, messages)
        for word in ("in process() of component death, task 4, tuple -123 from source, stream default", "Stack"):
            self.assertIn(word, reports[0])
        self.assertIn(reports[0].split("\n")[0].encode(), bolt.process.stderr.read())
        return messages, reports[0], bolt.process.returncode

    def test_by_abort(self):
        _, report, status = self.report_of("abort")
        self.assertIn("crashed by SIGABRT", report)
        self.assertIn("about to abort", report)
        self.assertEqual(status, -signal.SIGABRT)

    def test_by_a_failed_assertion(self):
        _, report, _ = self.report_of("assert")
        self.assertRegex(report, r"ways.c:\d+: process_death: Assertion")

    def test_what_was_emitted_before_comes_first_and_whole(self):
        messages, _, _ = self.report_of("emit and abort")
        self.assertEqual([m["command"] for m in messages], ["emit", "error"])

    @unittest.skipIf(SANITIZED, "the sanitizer reports the signal itself")
    def test_by_a_bad_pointer(self):
        _, report, status = self.report_of("segv")
        self.assertIn("crashed by SIGSEGV at address 0x", report)
        self.assertEqual(status, -signal.SIGSEGV)

    @unittest.skipIf(SANITIZED, "the sanitizer reports the signal itself")
    def test_by_too_deep_a_recursion(self):
        _, report, status = self.report_of("overflow")
        self.assertIn("crashed by SIGSEGV", report)
        self.assertEqual(status, -signal.SIGSEGV)

    def test_by_the_bound_on_a_call(self):
        messages, report, status = self.report_of("hang", {"cstorm.call.timeout.secs": 1,
                                                           "topology.subprocess.timeout.secs": 1})
        self.assertIn("hung, and is ended: longer than cstorm.call.timeout.secs, 1 s,", report)
        self.assertEqual(status, -signal.SIGABRT)

    def test_not_by_a_long_call_which_gives_signs_of_life(self):
        bolt = self.component("death", {"topology.subprocess.timeout.secs": 1})
        bolt.send_tuple(["sleep"])
        messages = self.receive_until(bolt, "ack")
        self.assertGreaterEqual(len(messages), 2)
        for message in messages[:-1]:
            self.assertEqual(message, {"command": "log", "msg": "busy", "level": 0})

    def test_not_by_a_long_next(self):
        spout = self.component("sleeping", {"topology.subprocess.timeout.secs": 1})
        self.assertTrue(spout.is_silent(1.5))
        messages, _ = spout.command("next")
        self.assertGreaterEqual(len(messages), 2)
        self.assertEqual(emits(messages), [["awake"]])
        self.assertTrue(spout.is_silent(1.5))

    def test_when_the_parent_is_gone_while_a_call_lasts(self):
        bolt = self.component("death", {"topology.subprocess.timeout.secs": 1})
        bolt.send_tuple(["hang"])
        bolt.receive()
        bolt.process.stdout.close()
        bolt.process.stdin.close()
        self.assertEqual(bolt.process.wait(PATIENCE), 1)


class DeathOnMessagePack(Death):
    wire = MESSAGE_PACK


if __name__ == "__main__":
    unittest.main()
