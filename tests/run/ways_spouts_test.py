"""Each way of writing a spout, on both wires: the test is the parent."""

import os
import time
import unittest

from harness import Component, OnMessagePack, describe, logs, temporary

WAYS_SPOUTS = os.environ["WAYS_SPOUTS"]


class SpoutTest(unittest.TestCase):
    wire = "json"

    def component(self, name, conf=None, **more):
        return Component(self, WAYS_SPOUTS, name, conf, wire=self.wire, **more)

    def next(self, spout):
        return [m["tuple"][0] for m in spout.command("next")[0]]


class Resting(SpoutTest):
    def count_answers(self, spout, seconds):
        until = time.monotonic() + seconds
        count = 0
        while time.monotonic() < until:
            self.assertEqual(spout.command("next"), ([], {"command": "sync"}))
            count += 1
        return count

    def test_answers_seldom_with_nothing_to_emit(self):
        # 1, 2, 4, ... 64 ms, then 100 ms each: a timer may be late, but is never early.
        self.assertLess(self.count_answers(self.component("quiet"), 0.6), 14)

    def test_rests_no_longer_than_is_configured(self):
        spout = self.component("quiet", {"cstorm.spout.rest.max.millis": 1})
        for _ in range(100):
            spout.command("next")
        self.assertEqual(logs(spout.command("deactivate")[0]), ["deactivated after 100"])

    def test_does_not_rest_where_that_is_forbidden(self):
        spout = self.component("quiet", {"cstorm.spout.rest.max.millis": 0})
        for _ in range(2000):
            spout.command("next")
        self.assertEqual(logs(spout.command("deactivate")[0]), ["deactivated after 2000"])

    def test_ends_the_rest_when_there_is_something_to_hear(self):
        spout = self.component("quiet", {"cstorm.spout.rest.max.millis": 3600000})
        for _ in range(9):  # the next rest lasts half a second
            spout.command("next")
        spout.send({"command": "next", "id": ""})
        spout.send({"command": "ack", "id": "é"})
        self.assertEqual(spout.until_sync()[0], [])
        self.assertEqual(logs(spout.until_sync()[0]), ["ack é 2"])

    def test_answers_each_of_many_commands_on_their_way(self):
        spout = self.component("quiet")
        for _ in range(1000):
            spout.send({"command": "next", "id": ""})
        for _ in range(1000):
            self.assertEqual(spout.until_sync(), ([], {"command": "sync"}))
        self.assertEqual(logs(spout.command("deactivate")[0]), ["deactivated after 1000"])

    def test_ends_in_the_middle_of_a_rest(self):
        spout = self.component("quiet", {"cstorm.spout.rest.max.millis": 3600000})
        for _ in range(9):
            spout.command("next")
        spout.send({"command": "next", "id": ""})
        messages, status = spout.rest()
        self.assertEqual(status, 0)
        self.assertIn(messages, ([], [{"command": "sync"}]))

    def test_hears_of_activation(self):
        spout = self.component("quiet")
        self.assertEqual(logs(spout.command("activate")[0]), ["activated"])
        self.assertEqual(logs(spout.command("deactivate")[0]), ["deactivated after 0"])
        self.assertEqual(logs(spout.command("activate")[0]), ["activated"])


class Rate(SpoutTest):
    def check_rate(self, rate, burst, seconds):
        """Never more than the rate allows, and each tuple comes in its turn."""
        spout = self.component("busy", {"cstorm.spout.rate": rate, "busy.burst": burst})
        start = time.monotonic()
        numbers = []
        while time.monotonic() < start + seconds or len(numbers) < 2 * burst:
            numbers += self.next(spout)
            allowed = rate * (time.monotonic() - start) + max(1, rate * 0.05) + burst
            self.assertLessEqual(len(numbers), allowed)
        self.assertEqual(numbers, list(range(len(numbers))))

    def test_bounds_how_many_tuples_are_emitted(self):
        self.check_rate(50, 1, 0.5)

    def test_bounds_those_that_come_many_at_once(self):
        self.check_rate(500, 20, 0.5)

    def test_may_be_below_one_a_second(self):
        spout = self.component("busy", {"cstorm.spout.rate": 0.01})
        self.assertLessEqual(sum((self.next(spout) for _ in range(5)), []), [0])

    def test_is_not_bounded_by_itself(self):
        spout = self.component("busy")
        self.assertEqual([self.next(spout) for _ in range(1000)], [[n] for n in range(1000)])

    def test_of_many_at_once_is_written_whole(self):
        spout = self.component("busy", {"busy.burst": 20000})
        self.assertEqual(self.next(spout), list(range(20000)))


class Reliable(SpoutTest):
    def test_replays_for_ever_without_a_bound(self):
        spout = self.component("patient")
        (emit,), _ = spout.command("next")
        for _ in range(50):
            self.assertEqual(spout.command("fail", emit["id"])[0], [])
            self.assertEqual(spout.command("next")[0], [emit])
        self.assertEqual(logs(spout.command("ack", emit["id"])[0]), ["acked 1"])
        self.assertIs(spout.command("next")[1]["finished"], True)

    def test_forgets_what_is_acked_before_its_replay(self):
        spout = self.component("patient")
        (emit,), _ = spout.command("next")
        spout.command("fail", emit["id"])
        self.assertEqual(logs(spout.command("ack", emit["id"])[0]), ["acked 1"])
        self.assertEqual(spout.command("next"), ([], {"command": "sync", "finished": True}))


    def next_after_rest(self, spout):
        """Asks until something comes: the spout rests meanwhile."""
        while True:
            messages, sync = spout.command("next")
            if messages:
                return messages, sync

    def test_replays_when_the_class_says(self):
        spout = self.component("hesitant")
        emits = [spout.command("next")[0][0] for _ in range(3)]
        start = time.monotonic()
        self.assertEqual(logs(spout.command("fail", emits[0]["id"])[0]), ["fail 1 of 1"])
        self.assertEqual(self.next_after_rest(spout)[0], [emits[0]])
        self.assertGreaterEqual(time.monotonic() - start, 0.2)
        self.assertEqual(logs(spout.command("fail", emits[0]["id"])[0]), ["fail 2 of 1"])
        self.assertEqual(spout.command("next")[0], [emits[0]])
        self.assertEqual(logs(spout.command("fail", emits[0]["id"])[0]), ["fail 3 of 1", "gave up 1"])
        self.assertIs(spout.command("next")[1]["finished"], True)

    def test_is_not_finished_while_a_replay_waits(self):
        spout = self.component("hesitant")
        emits = [spout.command("next")[0][0] for _ in range(3)]
        for emit in emits:
            self.assertNotIn("finished", spout.command("fail", emit["id"])[1])
        again = [self.next_after_rest(spout) for _ in range(3)]
        self.assertEqual([messages for messages, _ in again], [[emit] for emit in emits])
        self.assertEqual([sync.get("finished") for _, sync in again], [None, None, True])


class Chosen(SpoutTest):
    """What the topology chooses: the names of the fields, the class."""

    def values(self, spout):
        return spout.command("next")[0][0]["tuple"]

    def test_fields_are_those_of_the_handshake(self):
        spout = self.component("named", context={"stream->outputfields": {"default": ["a", "b", "c"]}})
        self.assertEqual(self.values(spout), ["a", "b", "c"])

    def test_fields_are_those_of_the_topology_where_the_handshake_has_none(self):
        spout = self.component("named", context={"stream->outputfields": None})
        self.assertEqual(self.values(spout), ["first", "second"])

    def test_class_is_the_first_unless_the_configuration_says(self):
        self.assertEqual(self.next(self.component("either")), [0])
        self.assertEqual(self.next(self.component("either", {"either.use": "many"})), [0])
        self.assertEqual(self.next(self.component("either", {"either.use": "fields"})), ["word"])
        self.assertEqual(self.next(self.component("either", {"ways_spouts.use": "fields"})), ["word"])

    def test_class_must_be_one_of_them(self):
        spout = self.component("either", start=False)
        spout.send(spout.handshake("either", {"either.use": "feilds"}, {}))
        messages, status = spout.end_of_life()
        self.assertIn("the setting either.use must be one of these: many, fields", messages[0]["msg"])
        self.assertEqual(status, 1)

    def test_description_has_all_of_it(self):
        spouts = {spout["name"]: spout for spout in describe(WAYS_SPOUTS)["spouts"]}
        self.assertEqual(spouts["named"]["outputs"][0]["fields"], ["first", "second"])
        self.assertEqual([setting["name"] for setting in spouts["either"]["settings"]], ["use", "burst", "colour"])
        self.assertEqual(spouts["either"]["settings"][0]["default"], "many")


class Events(SpoutTest):
    """A spout that waits for events answers with the tuple as soon as it is there, not when its rest ends."""

    def start(self, name):
        path = os.path.join(temporary(self), "pipe")
        os.mkfifo(path)
        spout = self.component(name, {name + ".pipe": path, "cstorm.spout.rest.max.millis": 3600000})
        pipe = os.open(path, os.O_WRONLY)
        self.addCleanup(os.close, pipe)
        return spout, pipe

    def check_wakes(self, name):
        spout, pipe = self.start(name)
        for _ in range(10):
            self.assertEqual(self.next(spout), [])
        # This rest lasts a second, and ends early.
        spout.send({"command": "next", "id": ""})
        os.write(pipe, b"x")
        messages, _ = spout.until_sync()
        self.assertEqual([m["tuple"] for m in messages], [["x"]])
        # What is there already is emitted at once, and the rests are short again.
        os.write(pipe, b"yz")
        self.assertEqual(self.next(spout) + self.next(spout), ["y", "z"])
        # What comes while the parent does not ask waits until it does.
        self.assertEqual(self.next(spout), [])
        os.write(pipe, b"a")
        time.sleep(0.05)
        spout.send({"command": "deactivate"})
        self.assertEqual(spout.until_sync()[0], [])
        self.assertEqual(self.next(spout), ["a"])
        self.assertEqual(spout.rest(), ([], 0))

    def test_a_readable_descriptor(self):
        self.check_wakes("waiter")

    def test_a_watcher_of_its_own(self):
        self.check_wakes("woken")

    def test_asking_for_tasks_with_a_command_on_its_way(self):
        """The command is read ahead of the ids, and answered though nothing comes behind it."""
        spout, pipe = self.start("asker")
        for _ in range(9):
            spout.command("next")
        spout.send({"command": "next", "id": ""})
        os.write(pipe, b"x")
        emit = spout.receive()
        self.assertEqual((emit["command"], emit["need_task_ids"]), ("emit", True))
        spout.send({"command": "activate"})
        spout.send([3, 4])
        self.assertEqual(logs(spout.until_sync()[0]), ["woken: 2, the first is 3"])
        self.assertEqual(spout.until_sync()[0], [])


class TaskIds(SpoutTest):
    def test_come_before_the_answer(self):
        spout = self.component("asker")
        spout.send({"command": "next", "id": ""})
        # In open() nobody answers.
        self.assertEqual(logs([spout.receive()]), ["open: 1"])
        for what in ("next", "7"):
            emit = spout.receive()
            self.assertEqual((emit["tuple"], emit["need_task_ids"]), ([what], True))
            spout.send([5])
            self.assertEqual(logs(spout.until_sync()[0]), [what + ": 1, the first is 5"])
            spout.send({"command": "ack", "id": "7"})

    def test_come_behind_commands_that_are_kept_in_order(self):
        spout = self.component("asker")
        spout.send({"command": "next", "id": ""})
        self.assertEqual(logs([spout.receive()]), ["open: 1"])
        spout.receive()
        spout.send({"command": "ack", "id": "a"})
        spout.send({"command": "ack", "id": "b"})
        spout.send([5])
        self.assertEqual(logs(spout.until_sync()[0]), ["next: 1, the first is 5"])
        for id in ("a", "b"):
            self.assertEqual(spout.receive()["tuple"], [id])
            spout.send([])
            self.assertEqual(logs(spout.until_sync()[0]), [id + ": 0, the first is 0"])


class Errors(SpoutTest):
    def test_of_next_end_the_spout(self):
        spout = self.component("broken")
        spout.send({"command": "next", "id": ""})
        messages, status = spout.end_of_life()
        self.assertEqual([m["command"] for m in messages], ["emit", "error"])
        self.assertEqual(messages[1]["msg"], "the spout stops: the source is broken: Input/output error")
        self.assertEqual(status, 1)

    def test_of_close_are_reported(self):
        messages, status = self.component("hard_to_close").rest()
        self.assertEqual(messages, [{"command": "error", "msg": "cannot close: what is left cannot be written: "
                                                                "No space left on device"}])
        self.assertEqual(status, 1)


class RestingOnMessagePack(OnMessagePack, Resting):
    pass


class RateOnMessagePack(OnMessagePack, Rate):
    pass


class ReliableOnMessagePack(OnMessagePack, Reliable):
    pass


class EventsOnMessagePack(OnMessagePack, Events):
    pass


class TaskIdsOnMessagePack(OnMessagePack, TaskIds):
    pass


class ErrorsOnMessagePack(OnMessagePack, Errors):
    pass


if __name__ == "__main__":
    unittest.main()
