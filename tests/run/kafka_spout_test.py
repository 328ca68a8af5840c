"""The spout of Kafka, with a mock cluster of librdkafka's on one side, and the test as its parent on the other."""

import base64
import json
import time
import unittest

from harness import PATIENCE, OnMessagePack
from kafka_support import (MSG_SIZE_TOO_LARGE, NOT_COORDINATOR, OFFSET_COMMIT, PRODUCE, KafkaTest, Spout, eventually,
                           load_side_by_side, open_kafka)

load_tests = load_side_by_side
kafka = open_kafka()
unittest.addModuleCleanup(kafka.close)

# The mock cluster does not know of members that leave, nor takes commits while others come.
needs_broker = unittest.skipIf(kafka.is_mock, "the group has more than one member, or one after the other")


class SpoutTest(KafkaTest):
    kafka = kafka
    wire = "json"

    def spout(self, topic, conf=None, **more):
        name = more.get("name", "messages")
        settings = {"topic": topic, "group": topic, "commit_seconds": 0.05, "kafka.heartbeat.interval.ms": 300}
        settings.update(conf or {})
        whole = {key if "." in key else f"{name}.{key}": value for key, value in settings.items()}
        return Spout(self, kafka, whole, wire=self.wire, **more)

    def values(self, tuples):
        return [message["tuple"] for message in tuples]

    def check_committed(self, topic, *offsets):
        eventually(self, list(offsets), lambda: [committed for committed, _ in kafka.committed(topic, topic)])


class Fields(SpoutTest):
    def test_are_those_that_the_topology_has_chosen(self):
        topic = self.topic()
        kafka.produce(topic, {"key": "k", "value": "v", "partition": 0, "timestamp": 1700000000123,
                              "headers": [["a", "1"], ["a", "é"], ["b", None]]}, {"value": None, "partition": 0})
        spout = self.spout(topic, name="whole")
        first, second = self.values(spout.take(2))
        self.assertEqual(first, ["k", "v", topic, 0, 0, 1700000000123, [["a", "1"], ["a", "é"], ["b", None]]])
        self.assertEqual(second[:5] + second[6:], [None, None, topic, 0, 1, []])

    def test_of_another_name_are_the_text(self):
        topic = self.topic()
        kafka.produce(topic, "some", "text")
        spout = self.spout(topic, fields=["line", "offset"])
        self.assertEqual(self.values(spout.take(2)), [["some", 0], ["text", 1]])

    def test_text_that_is_not_utf8_is_repaired(self):
        topic = self.topic()
        kafka.produce(topic, {"key": "\xe9", "value": "a\xffb", "partition": 0}, "good")
        spout = self.spout(topic, fields=["value", "key"])
        self.assertEqual(self.values(spout.take(2)), [["a\ufffdb", "\ufffd"], ["good", None]])

    def test_binary(self):
        topic = self.topic()
        kafka.produce(topic, {"key": "\x00\xff", "value": "\xff\x00\xfe", "partition": 0})
        (value, key), = self.values(self.spout(topic, {"format": "binary"}, fields=["value", "key"]).take(1))
        if self.wire == "json":
            value, key = base64.b64decode(value), base64.b64decode(key)
        self.assertEqual((value, key), (b"\xff\x00\xfe", b"\x00\xff"))

    def test_json_members(self):
        topic = self.topic()
        whole = {"name": "é\"", "key": [1, {"a": None}], "n": 1.5, "more": True}
        kafka.produce(topic, {"key": "k", "value": json.dumps(whole), "partition": 0}, '{"name": 1, "name": 2}',
                      {"value": None, "partition": 0})
        spout = self.spout(topic, {"format": "json"}, fields=["name", "value.key", "key", "n", "none", "value"])
        self.assertEqual(self.values(spout.take(3)), [
            ["é\"", [1, {"a": None}], "k", 1.5, None, whole], [2, None, None, None, None, {"name": 2}], [None] * 6])

    def test_json_as_a_whole(self):
        topic = self.topic()
        kafka.produce(topic, "[1, 2]", "null", '"x"')
        spout = self.spout(topic, {"format": "json"}, fields=["value"])
        self.assertEqual(self.values(spout.take(3)), [[[1, 2]], [None], ["x"]])


class FieldsOnMessagePack(OnMessagePack, Fields):
    pass


class Bursts(SpoutTest):
    def test_are_where_nothing_bounds_the_tuples(self):
        topic = self.topic()
        kafka.produce(topic, *map(str, range(100)))
        spout = self.spout(topic, {"topology.max.spout.pending": None})
        answers = []
        while sum(map(len, answers)) < 100:
            answers.append(spout.ask("next"))
        self.assertEqual(self.values(sum(answers, [])), [[str(n)] for n in range(100)])
        self.assertEqual(max(map(len, answers)), 32)


class Commits(SpoutTest):
    def test_go_up_to_the_first_that_is_not_acked(self):
        topic = self.topic()
        kafka.produce(topic, *map(str, range(6)))
        spout = self.spout(topic)
        tuples = spout.take(6)
        self.assertEqual(self.values(tuples), [[str(n)] for n in range(6)])
        spout.ack(tuples[1], tuples[2], tuples[4])
        self.assertTrue(spout.is_quiet())
        self.check_committed(topic, 0)
        spout.ack(tuples[0])
        self.check_committed(topic, 3)
        spout.ack(tuples[3])
        self.check_committed(topic, 5)
        spout.ack(tuples[5])
        self.check_committed(topic, 6)

    def test_are_of_each_partition(self):
        topic = self.topic(partitions=3)
        for partition in range(3):
            kafka.produce(topic, *[{"value": f"{partition}", "partition": partition} for _ in range(4)])
        spout = self.spout(topic, fields=["partition", "offset"])
        tuples = {tuple(message["tuple"]): message for message in spout.take(12)}
        spout.ack(*[tuples[1, offset] for offset in (3, 2, 1, 0)], tuples[0, 0], tuples[2, 1])
        self.check_committed(topic, 1, 4, 0)

    @unittest.skipUnless(kafka.is_mock, "a broker does not fail when it is told to")
    def test_that_fail_are_made_again(self):
        topic = self.topic()
        kafka.produce(topic, "a", "b")
        spout = self.spout(topic)
        first, second = spout.take(2)
        kafka.command("error", OFFSET_COMMIT, NOT_COORDINATOR, 5)
        spout.ack(first)
        self.check_committed(topic, 1)
        spout.ack(second)
        self.check_committed(topic, 2)

    @needs_broker
    def test_are_made_at_the_end(self):
        topic = self.topic()
        kafka.produce(topic, "a", "b", "c")
        spout = self.spout(topic, {"commit_seconds": 3600})
        tuples = spout.take(3)
        spout.ack(tuples[0], tuples[1])
        spout.rest()
        self.assertEqual(kafka.committed(topic, topic), [[2, 3]])
        self.assertEqual(self.values(self.spout(topic).take(1)), [["c"]])

    def test_hold_the_messages_up_that_would_be_too_many(self):
        topic = self.topic()
        kafka.produce(topic, *map(str, range(1000)))
        spout = self.spout(topic, {"max_uncommitted": 10})
        first = spout.next()
        others = []
        while (more := spout.ask("next")):
            spout.ack(*more)
            others += more
        self.assertLess(len(others), 300)
        self.assertTrue(spout.is_quiet())
        spout.ack(first)
        self.assertEqual(spout.next()["tuple"], [str(len(others) + 1)])


@needs_broker
class Waits(SpoutTest):
    def test_for_bolts_do_not_cost_its_place_in_the_group(self):
        topic = self.topic()
        kafka.produce(topic, *map(str, range(10)))
        spout = self.spout(topic, {"kafka.session.timeout.ms": 3000, "kafka.max.poll.interval.ms": 3000})
        first = spout.next()
        time.sleep(7)  # nobody asks for tuples meanwhile
        self.assertEqual(self.values([first, *spout.take(9)]), [[str(n)] for n in range(10)])
        self.assertEqual([text for text in spout.text_of("log") if "takes away" in text or "lost" in text], [])


class Retries(SpoutTest):
    def test_come_later_each_time(self):
        topic = self.topic()
        kafka.produce(topic, "a")
        spout = self.spout(topic, {"retry_seconds": 0.2, "retry_max_seconds": 0.5})
        message = spout.next()
        for seconds in (0.2, 0.4, 0.5, 0.5):
            start = time.monotonic()
            self.assertEqual(spout.fail(message), [])
            self.assertEqual(spout.next(), message)
            self.assertGreaterEqual(time.monotonic() - start, seconds)
        self.check_committed(topic, 0)
        spout.ack(message)
        self.check_committed(topic, 1)

    def test_end_in_a_report(self):
        topic = self.topic()
        kafka.produce(topic, "a", "b")
        spout = self.spout(topic, {"retries": 2, "retry_seconds": 0})
        message, other = spout.take(2)
        for _ in range(2):
            spout.fail(message)
            self.assertEqual(spout.next(), message)
        spout.fail(message)
        self.assertTrue(spout.is_quiet())
        self.assertEqual(spout.text_of("error"),
                         [f"lost: the message at offset 0 of {topic}, partition 0: it has failed too often"])
        self.check_committed(topic, 1)
        spout.ack(other)
        self.check_committed(topic, 2)

    def test_end_at_the_topic_of_dead_letters(self):
        topic, dead = self.topic(), self.topic("-dead")
        kafka.produce(topic, {"key": "k", "value": "v\xff", "partition": 0, "headers": [["own", "1"]]})
        spout = self.spout(topic, {"dead_letter": dead, "retries": 0})
        spout.fail(spout.next())
        spout.is_quiet()
        self.check_committed(topic, 1)
        letter, = kafka.consume(dead)
        self.assertEqual((letter["key"], letter["value"]), ("k", "v\xff"))
        self.assertEqual(dict(letter["headers"]), {
            "own": "1", "cstorm.topic": topic, "cstorm.partition": "0", "cstorm.offset": "0",
            "cstorm.reason": "it has failed too often"})

    def test_are_not_for_what_cannot_be_read(self):
        topic, dead = self.topic(), self.topic("-dead")
        kafka.produce(topic, "{", "[1]", '{"a": 1}', '{"a": 1} x', '{"a": "\\ud800"}')
        spout = self.spout(topic, {"dead_letter": dead, "format": "json"}, fields=["a"])
        message = spout.next()
        self.assertEqual(message["tuple"], [1])
        spout.ack(message)
        self.assertTrue(spout.is_quiet())
        self.check_committed(topic, 5)
        letters = kafka.consume(dead)
        self.assertEqual([letter["value"] for letter in letters], ["{", "[1]", '{"a": 1} x', '{"a": "\\ud800"}'])
        self.assertEqual(dict(letters[1]["headers"])["cstorm.reason"], "it is no JSON object")

    @unittest.skipUnless(kafka.is_mock, "a broker does not fail when it is told to")
    def test_wait_until_the_topic_of_dead_letters_takes_them(self):
        # Only this test's own: the error is for whoever asks next.
        own = type(kafka)()
        self.addCleanup(own.close)
        for topic in ("letters", "dead"):
            own.create(topic, 1)
        own.produce("letters", "x")
        spout = Spout(self, own, {"messages.topic": "letters", "messages.group": "g", "messages.commit_seconds": 0.05,
                                  "messages.dead_letter": "dead", "messages.retries": 0,
                                  "kafka.enable.idempotence": False}, wire=self.wire)
        message = spout.next()
        own.command("error", PRODUCE, MSG_SIZE_TOO_LARGE)
        spout.fail(message)
        while not spout.text_of("error"):
            spout.ask("next")
        self.assertIn("the topic dead of dead letters: Broker: Message size too large; it tries on", spout.text_of("error")[0])
        eventually(self, [[1, 1]], lambda: own.committed("g", "letters"))
        letter, = own.consume("dead")
        self.assertEqual(dict(letter["headers"])["cstorm.reason"], "it has failed too often")


class Starts(SpoutTest):
    def check(self, topic, conf, *values):
        spout = self.spout(topic, conf)
        self.assertEqual(sorted(self.values(spout.take(len(values)))), [[value] for value in values])
        return spout

    @needs_broker
    def test_at_what_is_committed_else_at_the_earliest(self):
        topic = self.topic()
        kafka.produce(topic, "a", "b")
        spout = self.spout(topic)
        first, _ = spout.take(2)
        spout.ack(first)
        self.check_committed(topic, 1)
        spout.rest()
        self.check(topic, {}, "b")

    @needs_broker
    def test_at_the_earliest_whatever_is_committed(self):
        topic = self.topic()
        kafka.produce(topic, "a", "b")
        spout = self.spout(topic, {"storm.id": "urls-1-1"})
        spout.ack(*spout.take(2))
        spout.rest()
        self.check_committed(topic, 2)
        spout = self.spout(topic, {"start": "earliest", "storm.id": "urls-1-2"})
        tuples = spout.take(2)
        self.assertEqual(self.values(tuples), [["a"], ["b"]])
        spout.ack(tuples[0])
        spout.rest()
        # Again in the same run: it goes on.
        self.check(topic, {"start": "earliest", "storm.id": "urls-1-2"}, "b")

    @needs_broker
    def test_at_a_time(self):
        topic = self.topic(partitions=2)
        noon = 1_700_000_000_000
        kafka.produce(topic, *[{"value": f"{n}", "partition": 0, "timestamp": noon + n * 1000} for n in range(5)],
                      {"value": "early", "partition": 1, "timestamp": noon})
        # Of the other partition nothing is so new: there it is the end.
        for start in ("2023-11-14T22:13:23Z", noon + 2001):
            with self.subTest(start):
                self.check(topic, {"start": start, "group": f"{topic}-{start}"}, "3", "4")
        self.check(topic, {"start": "2023-11-14", "group": f"{topic}-day", "stop": "end"}, *"01234", "early")

    @needs_broker
    def test_at_the_latest_also_when_it_comes_back(self):
        topic = self.topic()
        kafka.produce(topic, "a", "b")
        conf = {"start": "latest", "storm.id": "urls-1-1", "kafka.session.timeout.ms": 1500}
        spout = self.spout(topic, conf)
        self.check_committed(topic, 2)
        spout.process.kill()
        spout.process.wait(PATIENCE)
        kafka.produce(topic, "c")
        self.check(topic, conf, "c")

    def test_must_be_known(self):
        messages, status = self.refused({"start": "soon"})
        self.assertIn("the setting messages.start must be committed, earliest, latest or a time", messages)
        self.assertEqual(status, 1)

    def refused(self, conf, name="messages"):
        spout = Spout(self, kafka, {f"{name}.topic": "none", **{
            key if "." in key else f"{name}.{key}": value for key, value in conf.items()}}, name=name)
        messages, status = spout.end_of_life()
        return messages[-1]["msg"], status

    def test_of_wrong_settings_say_what_is_wrong(self):
        for conf, reason in (({"topic": None}, "the setting messages.topic is missing"),
                             ({"format": "xml"}, "the setting messages.format must be text, json or binary, not xml"),
                             ({"stop": "now"}, "the setting messages.stop must be never or end, not now"),
                             ({"stop": "end", "topic": "^a"}, "must name its topics"),
                             ({"retry_seconds": "x"}, "the setting messages.retry_seconds must be seconds, not x"),
                             ({"max_uncommitted": 0}, "must be at least 1"),
                             ({"retries": "x"}, "must be a whole number"),
                             ({"kafka.boostrap.servers": "x"}, "kafka.boostrap.servers is no property of librdkafka"),
                             ({"kafka.boostrap.servers": "x"}, "did you mean kafka.bootstrap.servers?"),
                             ({"kafka.linger.ms": "x"}, "kafka.linger.ms: Invalid value"),
                             ({"kafka.security.protocol": "tls"}, "kafka.security.protocol: Invalid value"),
                             ({"kafka.enable.auto.commit": True}, "kafka.enable.auto.commit must be false"),
                             ({"kafka.ssl.ca.location": "/no/file", "kafka.security.protocol": "ssl"},
                              "ssl.ca.location failed"),
                             ({"kafka.bootstrap.servers": None}, "kafka.bootstrap.servers is missing")):
            with self.subTest(reason):
                text, status = self.refused(conf)
                self.assertIn(reason, text)
                self.assertEqual(status, 1)

    def test_not_under_the_name_of_the_settings_of_librdkafka(self):
        text, status = self.refused({}, name="kafka")
        self.assertIn("give it another name", text)
        self.assertEqual(status, 1)


class Ends(SpoutTest):
    def test_where_the_topic_ended_at_the_start(self):
        topic = self.topic(partitions=2)
        kafka.produce(topic, "a", "b", {"value": "c", "partition": 1})
        spout = self.spout(topic, {"stop": "end", "commit_seconds": 3600})
        first = spout.next()
        kafka.produce(topic, "late")
        tuples = [first, *spout.take(2)]
        self.assertEqual(sorted(message["tuple"][0] for message in tuples), ["a", "b", "c"])
        spout.ack(*tuples[1:])
        self.assertTrue(spout.is_quiet())
        self.assertNotIn("finished", spout.synced)
        spout.ack(first)
        self.assertTrue(spout.finishes())
        self.assertEqual([committed for committed, _ in kafka.committed(topic, topic)], [2, 1])

    def test_at_once_where_there_is_nothing(self):
        self.assertTrue(self.spout(self.topic(partitions=2), {"stop": "end"}).finishes())

    def test_only_after_a_replay(self):
        topic = self.topic()
        kafka.produce(topic, "a")
        spout = self.spout(topic, {"stop": "end", "retry_seconds": 0.3})
        message = spout.next()
        spout.fail(message)
        self.assertEqual(spout.next(), message)
        spout.ack(message)
        self.assertTrue(spout.finishes())


@needs_broker
class Rebalances(SpoutTest):
    def produce(self, topic):
        kafka.produce(topic, *[{"value": "x", "partition": n % 2} for n in range(20)])

    def both_until(self, first, second, wanted):
        """Asks both in turn, and acks: what each emits, until all that is wanted has come."""
        came = ([], [])
        deadline = time.monotonic() + PATIENCE
        while not wanted(*came) and time.monotonic() < deadline:
            for spout, list_of in zip((first, second), came):
                tuples = spout.ask("next")
                spout.ack(*tuples)
                list_of += [tuple(message["tuple"]) for message in tuples]
        return came

    def check_pair(self, conf):
        topic = self.topic(partitions=2)
        self.produce(topic)
        first = self.spout(topic, conf, fields=["partition", "offset"])
        tuples = first.take(20)
        # They are on their way when the second one comes.
        second = self.spout(topic, conf, fields=["partition", "offset"])
        first.ack(*tuples)
        # Each has one of the two partitions now: what comes anew comes once, half of it to each.
        self.both_until(first, second, lambda *_: any("gives 1 part" in text for text in second.text_of("log")))
        self.produce(topic)
        came = self.both_until(first, second, lambda one, other: len(one) >= 10 and len(other) >= 10)
        self.assertEqual(len({partition for partition, _ in came[0]}), 1)
        self.assertEqual(sorted(came[0] + came[1]), sorted((p, o) for p in range(2) for o in range(10, 20)))
        self.check_committed(topic, 20, 20)

    def test_wait_for_what_is_on_its_way(self):
        self.check_pair({"drain_seconds": 60})

    def test_do_not_pass_what_was_only_read_ahead(self):
        topic = self.topic(partitions=2)
        kafka.produce(topic, *[{"value": "x", "partition": n % 2} for n in range(100)])
        conf = {"stop": "end", "drain_seconds": 60}
        first = self.spout(topic, conf, fields=["partition", "offset"])
        time.sleep(1.5)  # it is not asked for any before all has come, the ends of the partitions too
        tuples = first.take(10)
        second = self.spout(topic, conf, fields=["partition", "offset"])
        time.sleep(1.5)  # it hears of the second one
        for _ in range(10):
            tuples += first.ask("next")
        first.ack(*tuples)
        both = self.both_until(first, second, lambda *_: all(spout.synced.get("finished") for spout in (first, second)))
        came = {tuple(message["tuple"]) for message in tuples}.union(*both)
        self.assertEqual(came, {(partition, offset) for partition in range(2) for offset in range(50)})
        self.check_committed(topic, 50, 50)

    def test_of_the_cooperative_kind(self):
        self.check_pair({"drain_seconds": 60, "kafka.partition.assignment.strategy": "cooperative-sticky"})

    def test_do_not_wait_for_ever(self):
        topic = self.topic(partitions=2)
        self.produce(topic)
        conf = {"drain_seconds": 0.1}
        first = self.spout(topic, conf, fields=["partition", "offset"])
        tuples = first.take(20)
        late = [message for message in tuples if message["tuple"][0] == 0]
        first.ack(*[message for message in tuples if message["tuple"][0] == 1])
        second = self.spout(topic, conf, fields=["partition", "offset"])
        # Whoever has the partition whose tuples were not settled reads it again.
        came = self.both_until(first, second, lambda one, other: len(one) + len(other) >= 10)
        self.assertEqual(sorted(came[0] + came[1]), [(0, offset) for offset in range(10)])
        self.check_committed(topic, 10, 10)
        # Of the old ones nothing is heard any more, neither acks nor fails.
        first.ack(late[0])
        self.assertEqual(first.fail(late[1]), [])
        self.assertTrue(first.is_quiet())
        self.check_committed(topic, 10, 10)


if __name__ == "__main__":
    unittest.main()
