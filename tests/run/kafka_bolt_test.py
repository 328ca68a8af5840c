"""The bolt of Kafka, with a mock cluster or a broker on one side, and the test as its parent on the other."""

import base64
import json
import signal
import threading
import unittest

import msgpack
from harness import PATIENCE, Component, OnMessagePack, logs
from kafka_support import KAFKA_WAYS, MSG_SIZE_TOO_LARGE, PRODUCE, KafkaTest, eventually, load_side_by_side, open_kafka

load_tests = load_side_by_side
kafka = open_kafka()
unittest.addModuleCleanup(kafka.close)

FIELDS = ["host", "path", "count", "more"]


class BoltTest(KafkaTest):
    kafka = kafka
    wire = "json"

    def bolt(self, topic, conf=None):
        conf = {key if "." in key else f"producer.{key}": value for key, value in (conf or {}).items()}
        return Component(self, KAFKA_WAYS, "producer",
                         {"producer.topic": topic, "kafka.bootstrap.servers": kafka.bootstrap, "kafka.linger.ms": 0, **conf},
                         {"source->stream->fields": {"source": {"default": FIELDS}}}, wire=self.wire)

    def send(self, bolt, *tuples):
        for n, values in enumerate(tuples):
            bolt.send_tuple(list(values), id=str(n))

    def outcome(self, bolt, count):
        """What becomes of so many tuples, and what is said meanwhile."""
        outcome, said = {}, []
        while len(outcome) < count:
            message = bolt.receive()
            if message["command"] in ("ack", "fail"):
                outcome[message["id"]] = message["command"]
            else:
                said.append(message)
        return outcome, said

    def check_sent(self, topic, bolt, *tuples):
        self.send(bolt, *tuples)
        self.assertEqual(self.outcome(bolt, len(tuples))[0], {str(n): "ack" for n in range(len(tuples))})
        return [(message["key"], message["value"]) for message in kafka.consume(topic)]


class Messages(BoltTest):
    def test_are_the_first_field(self):
        topic = self.topic()
        values = [("é", "b", 1, None), (5, "b", 1, None), ([1.5], "b", 1, None), (None, "b", 1, None),
                  ("", "b", 1, None)]
        self.assertEqual(self.check_sent(topic, self.bolt(topic), *values),
                         [(None, text) for text in ("Ã©", "5", '[1.5]', None, "")])

    def test_have_a_key_of_fields(self):
        topic = self.topic()
        bolt = self.bolt(topic, {"key": "{host}:{count}"})
        self.assertEqual(self.check_sent(topic, bolt, ("a", "b", 1, None), ("a", "b", None, 0), (None, "b", None, 0)),
                         [("a:1", "a"), ("a:", "a"), (None, None)])

    def test_go_to_a_topic_of_fields(self):
        one, other = self.topic("-one"), self.topic("-other")
        prefix = one.removesuffix("one")
        bolt = self.bolt(prefix + "{path}", {"key": "fixed"})
        self.send(bolt, ("a", "one", 1, 2), ("b", "other", 1, 2), ("c", "one", 1, 2))
        self.assertEqual(set(self.outcome(bolt, 3)[0].values()), {"ack"})
        self.assertEqual([[(message["key"], message["value"]) for message in kafka.consume(topic)] for topic in (one, other)],
                         [[("fixed", "a"), ("fixed", "c")], [("fixed", "b")]])

    def test_are_objects(self):
        topic = self.topic()
        (_, value), = self.check_sent(topic, self.bolt(topic, {"format": "json"}), ('a"', "b", 1.5, {"x": [None]}))
        self.assertEqual(json.loads(value), {"host": 'a"', "path": "b", "count": 1.5, "more": {"x": [None]}})

    def test_are_separated_by_tabs(self):
        topic = self.topic()
        self.assertEqual(self.check_sent(topic, self.bolt(topic, {"format": "tsv"}), ("a\tb", "c\nd", None, ["x\t"])),
                         [(None, 'a\\tb\tc\\nd\t\t["x\\t"]')])

    def test_are_bytes(self):
        topic = self.topic()
        data = b"\x00\xff\xfe"
        value = base64.b64encode(data).decode() if self.wire == "json" else msgpack.Binary(data) if hasattr(
            msgpack, "Binary") else data
        self.assertEqual(self.check_sent(topic, self.bolt(topic, {"format": "binary"}), (value, "b", 1, 2)),
                         [(None, "\x00\xff\xfe")])

    def test_are_many(self):
        topic = self.topic()
        bolt = self.bolt(topic)
        sender = threading.Thread(target=self.send, args=(bolt, *[(f"{n}", "", 0, 0) for n in range(20000)]))
        sender.start()
        outcome, _ = self.outcome(bolt, 20000)
        sender.join()
        self.assertEqual(set(outcome.values()), {"ack"})
        self.assertEqual([message["value"] for message in kafka.consume(topic)], [f"{n}" for n in range(20000)])

    def test_are_delivered_before_the_end(self):
        topic = self.topic()
        bolt = self.bolt(topic, {"kafka.linger.ms": 500})
        self.send(bolt, *[(f"{n}", "", 0, 0) for n in range(100)])
        messages, status = bolt.rest()
        self.assertEqual(len([message for message in messages if message["command"] == "ack"]), 100)
        self.assertEqual(status, 0)
        self.assertEqual(len(kafka.consume(topic)), 100)


class MessagesOnMessagePack(OnMessagePack, Messages):
    pass


class Failures(BoltTest):
    def test_of_what_cannot_be_sent(self):
        topic = self.topic()
        bolt = self.bolt(topic, {"key": "{user}"})
        self.send(bolt, ("a", "b", 1, 2))
        outcome, said = self.outcome(bolt, 1)
        self.assertEqual(outcome, {"0": "fail"})
        self.assertIn("field user of a tuple from source", logs(said)[-1])

    def test_of_what_is_too_large(self):
        topic = self.topic()
        bolt = self.bolt(topic, {"kafka.message.max.bytes": 1000})
        self.send(bolt, ("x" * 2000, "b", 1, 2), ("y", "b", 1, 2))
        outcome, said = self.outcome(bolt, 2)
        self.assertEqual(outcome, {"0": "fail", "1": "ack"})
        self.assertTrue(any("Message size too large" in text for text in logs(said)), said)

    def test_of_a_topic_without_a_name(self):
        bolt = self.bolt("{path}")
        self.send(bolt, ("a", "", 1, 2))
        outcome, said = self.outcome(bolt, 1)
        self.assertEqual(outcome, {"0": "fail"})
        self.assertIn("the topic of the tuple is empty", logs(said)[-1])

    def test_of_settings(self):
        for conf, reason in (({"topic": None}, "the setting producer.topic is missing"),
                             ({"topic": "a{b"}, "the setting producer.topic has a {"),
                             ({"key": "{}"}, "the setting producer.key has a {"),
                             ({"format": "xml"}, "the setting producer.format must be first, json or tsv, not xml"),
                             ({"kafka.acks": "x"}, "kafka.acks: Invalid value"),
                             ({"kafka.enable.idempotence": True, "kafka.acks": 1},
                              "librdkafka refuses its configuration: `acks` must be set to `all`")):
            with self.subTest(reason):
                messages, status = self.bolt("t", conf).end_of_life()
                self.assertIn(reason, messages[-1]["msg"])
                self.assertEqual(status, 1)


@unittest.skipUnless(kafka.is_mock, "a broker does not fail when it is told to")
class Deliveries(BoltTest):
    def test_that_fail_fail_the_tuple(self):
        topic = self.topic()
        bolt = self.bolt(topic, {"kafka.enable.idempotence": False})
        # Only this test's own: the error is for whoever asks next.
        own = type(kafka)()
        self.addCleanup(own.close)
        own.create(topic, 1)
        bolt = self.bolt(topic, {"kafka.bootstrap.servers": own.bootstrap, "kafka.enable.idempotence": False})
        own.command("error", PRODUCE, MSG_SIZE_TOO_LARGE)
        self.send(bolt, ("a", "", 0, 0))
        outcome, said = self.outcome(bolt, 1)
        self.assertEqual(outcome, {"0": "fail"})
        self.assertIn(f"a message to {topic} was not delivered: MSG_SIZE_TOO_LARGE",
                      [message["msg"] for message in said if message["command"] == "error"][0])
        self.send(bolt, ("b", "", 0, 0))
        self.assertEqual(self.outcome(bolt, 1)[0], {"0": "ack"})

    def test_that_are_not_made_until_the_end_fail_the_tuple(self):
        own = type(kafka)()
        self.addCleanup(own.close)
        topic = self.topic()
        own.create(topic, 1)
        bolt = self.bolt(topic, {"kafka.bootstrap.servers": own.bootstrap})
        self.send(bolt, ("first", "", 0, 0))
        self.outcome(bolt, 1)
        own.command("down", 1)
        self.send(bolt, *[(f"{n}", "", 0, 0) for n in range(3)])
        bolt.heartbeat()
        bolt.until_sync()
        bolt.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.outcome(bolt, 3)[0], {str(n): "fail" for n in range(3)})
        self.assertEqual(bolt.process.wait(PATIENCE), 0)

    def test_that_wait_hold_up_the_input(self):
        own = type(kafka)()
        self.addCleanup(own.close)
        topic = self.topic()
        own.create(topic, 1)
        bolt = self.bolt(topic, {"kafka.bootstrap.servers": own.bootstrap, "kafka.queue.buffering.max.messages": 10})
        self.send(bolt, ("first", "", 0, 0))
        self.outcome(bolt, 1)
        own.command("down", 1)
        sent = []

        def send():
            for n in range(3000):
                bolt.send_tuple(["x" * 1000, "", 0, 0], id=str(n))
                sent.append(n)

        sender = threading.Thread(target=send)
        sender.start()
        # What it reads ahead and what a pipe holds are far less than all of it.
        sender.join(2)
        self.assertLess(len(sent), 2000)
        own.command("up", 1)
        self.assertEqual(set(self.outcome(bolt, 3000)[0].values()), {"ack"})
        sender.join()
        eventually(self, 3001, lambda: len(own.consume(topic)))


if __name__ == "__main__":
    unittest.main()
