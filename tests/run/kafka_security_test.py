"""A broker that wants TLS and a password, as those of a company do."""

import json
import os
import subprocess
import tempfile
import unittest

from harness import Component
from kafka_support import KAFKA_WAYS, Broker

folder = tempfile.TemporaryDirectory()
unittest.addModuleCleanup(folder.cleanup)


def path(name):
    return os.path.join(folder.name, name)


def make_certificates():
    """An authority, and a certificate of its for the broker, whose key and chain are one file."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("ca.key"), "-out", path("ca.pem"),
            "-days", "2", "-subj", "/CN=cstorm tests")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", path("broker.key"), "-out", path("broker.csr"),
            "-subj", "/CN=127.0.0.1")
    with open(path("extensions"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", path("broker.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
            "-CAcreateserial", "-out", path("broker.pem"), "-days", "2", "-extfile", path("extensions"))
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", path("broker.key"), "-out", path("broker.pk8"))
    with open(path("keystore.pem"), "w") as file:
        for part in ("broker.pk8", "broker.pem", "ca.pem"):
            with open(path(part)) as of:
                file.write(of.read())


LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required " \
    'username="cstorm" password="secret" user_cstorm="secret";'
make_certificates()
broker = Broker({
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_SSL",
    "sasl.enabled.mechanisms": "PLAIN", "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config": LOGIN,
    "ssl.keystore.type": "PEM", "ssl.keystore.location": path("keystore.pem"),
    "ssl.truststore.type": "PEM", "ssl.truststore.location": path("ca.pem")})
unittest.addModuleCleanup(broker.close)


class SecurityTest(unittest.TestCase):
    def settings(self, **other):
        return {"kafka.bootstrap.servers": broker.bootstrap, "kafka.security.protocol": "SASL_SSL",
                "kafka.ssl.ca.location": path("ca.pem"), "kafka.sasl.mechanism": "PLAIN",
                "kafka.sasl.username": "cstorm", "kafka.sasl.password": "secret",
                **{"kafka." + key.replace("_", "."): value for key, value in other.items()}}

    def component(self, name, conf, **other):
        return Component(self, KAFKA_WAYS, name, {**self.settings(**other), **conf},
                         {"stream->outputfields": None, "source->stream->fields": {"source": {"default": ["value"]}}})

    def send(self, topic):
        bolt = self.component("producer", {"producer.topic": topic})
        bolt.send_tuple(["a secret"], id="1")
        while (message := bolt.receive())["command"] != "ack":
            pass
        self.assertEqual(message["id"], "1")

    def first(self, spout, command):
        """The first message of a kind that it gives, asked for tuples."""
        while True:
            for message in spout.command("next")[0]:
                if message["command"] == command:
                    return message

    def test_messages_pass(self):
        self.send("secrets")
        spout = self.component("messages", {"messages.topic": "secrets"})
        self.assertEqual(self.first(spout, "emit")["tuple"], ["a secret"])

    def test_a_wrong_password_is_reported(self):
        spout = self.component("messages", {"messages.topic": "secrets"}, sasl_password="wrong")
        text = self.first(spout, "error")["msg"]
        self.assertIn("Authentication failed", text)
        self.assertIn("Are kafka.security.protocol and kafka.sasl.* right?", text)

    def test_an_unknown_authority_is_reported(self):
        spout = self.component("messages", {"messages.topic": "secrets"}, ssl_ca_location="/etc/ssl/certs/ca-certificates.crt")
        text = self.first(spout, "error")["msg"]
        self.assertIn("certificate verify failed", text)
        self.assertIn("Are kafka.security.protocol and kafka.ssl.* right?", text)

    def test_passwords_are_in_no_log(self):
        spout = self.component("messages", {"messages.topic": "secrets", "cstorm.log.level": "trace"},
                               ssl_ca_location="/no/file")
        messages, status = spout.end_of_life()
        self.assertEqual(status, 1)
        self.assertNotIn("secret", json.dumps([message["msg"] for message in messages]))


if __name__ == "__main__":
    unittest.main()
