"""Messages of a topic of Kafka, read to its end."""

import random
import re
import subprocess
import time

import peers
from tools import BUILD, CSTORM, PLACE, SOURCE, Failure, Progress, median, run, spread, table

CASES = ["consume"]
SPOUT, SINK, BARE, KCAT = "cstorm run, the spout", "cstorm run, spout and bolt", "a bare consumer", "kcat"
CONFLUENT, PYKAFKA, STORM = "confluent-kafka", "pykafka", "storm-kafka-client"
# pykafka is an older one's client: the newest broker that it talks to is the one of script/kafka.
REQUIREMENTS = {CONFLUENT: ["confluent-kafka==2.8.0"], PYKAFKA: ["pykafka==2.8.0", "setuptools==75.8.0"]}
PARTITIONS = 4
BYTES = 100
# Who reads slowly reads fewer: the rate is what counts.
SHARE = {PYKAFKA: 0.05, STORM: 0.5}
BAR = 0.5

TITLE = "Kafka"
TEXT = f"""All of a topic of {PARTITIONS} partitions, two million messages of {BYTES} bytes, from a broker on the same machine (script/kafka): the
spout alone in `cstorm run`, every message acked and committed, and with a bolt that writes them to /dev/null; a program in C that
does nothing but take messages one by one from librdkafka (bench/kafka_limit.c); kcat, into /dev/null. Of these the whole command counts.
Of a loop in Python with confluent-kafka or pykafka's balanced consumer, and of storm-kafka-client's KafkaSpout with a sink in a LocalCluster,
the time from the first message to the last. Bar: the spout is at least half as fast as the bare consumer.
({", ".join(word for words in REQUIREMENTS.values() for word in words if "kafka" in word)}, storm-kafka-client as Storm)
"""

CONFLUENT_LOOP = """
import sys, time
from confluent_kafka import Consumer
bootstrap, topic, group, count = sys.argv[1:4] + [int(sys.argv[4])]
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest",
                     "queued.min.messages": 1000000})
consumer.subscribe([topic])
seen = 0
while seen < count:
    for message in consumer.consume(1000, 1):
        if message.error() is None:
            seen += 1
            if seen == 1:
                begin = time.time()
print(count / (time.time() - begin))
consumer.close()
"""
PYKAFKA_LOOP = """
import sys, time
from pykafka import KafkaClient
from pykafka.common import OffsetType
bootstrap, topic, group, count = sys.argv[1:4] + [int(sys.argv[4])]
client = KafkaClient(hosts=bootstrap, broker_version="1.0.0")
topic = client.topics[topic]
consumer = topic.get_balanced_consumer(group.encode(), managed=True, auto_offset_reset=OffsetType.EARLIEST,
                                       auto_commit_enable=False)
consumer.consume()
begin = time.time()
for _ in range(count):
    consumer.consume()
print(count / (time.time() - begin))
sys.stdout.flush()
import os
os._exit(0)
"""


class Broker:
    def __init__(self):
        self.folder = PLACE / "kafka"

    def script(self, *words):
        subprocess.run([SOURCE / "script/kafka", *words, "--folder", self.folder], check=True, stdout=subprocess.DEVNULL,
                       stdin=subprocess.DEVNULL)

    def __enter__(self):
        self.script("start", "--port", "0", "--empty")
        state = subprocess.check_output([SOURCE / "script/kafka", "status", "--folder", self.folder], text=True)
        self.bootstrap = re.search(r"bootstrap.servers=(\S+)", state)[1]
        return self

    def __exit__(self, *_):
        self.script("stop")


def fill(broker, count):
    path = PLACE / "messages"
    choose = random.Random(7)
    with open(path, "w") as file:
        for n in range(count):
            file.write(f"{n:010} {choose.getrandbits(340):089d}"[:BYTES].ljust(BYTES, "x") + "\n")
    broker.script("topic", "bench", str(PARTITIONS))
    run("kcat", "-b", broker.bootstrap, "-t", "bench", "-P", "-X", "sticky.partitioning.linger.ms=0", "-l", path)
    path.unlink()


def topology(with_sink):
    """A file in YAML; its settings come with -o."""
    path = PLACE / f"kafka-{'sink' if with_sink else 'spout'}.yaml"
    program = BUILD / "tool/cstorm-kafka-components"
    lines = ["name: kafka-bench", "spouts:", "  - id: source",
             "    className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout", "    constructorArgs:",
             f"      - [\"{program}\", --component, spout]", "      - [value]"]
    if with_sink:
        lines += ["bolts:", "  - id: sink", "    className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt",
                  "    constructorArgs:", f"      - [\"{BUILD}/tool/cstorm-components\", --component, write]", "      - []",
                  "streams:", "  - {from: source, to: sink, grouping: {type: SHUFFLE}}"]
    path.write_text("\n".join(lines) + "\n")
    return path


def storm_classes():
    """The class path of storm-kafka-client, with KafkaRate."""
    source = SOURCE / "bench/java/kafka"
    known = PLACE / "kafka.class-path"
    if not known.exists() or known.stat().st_mtime < (source / "pom.xml").stat().st_mtime:
        run("mvn", "-q", "-B", "-ntp", "-f", source / "pom.xml", "dependency:build-classpath", f"-Dmdep.outputFile={known}")
    classes = PLACE / "kafka-classes"
    run("javac", "-d", classes, "-cp", known.read_text().strip(), source / "KafkaRate.java")
    return f"{classes}:{known.read_text().strip()}"


def commands():
    """By name: a command for a group and a number of messages, and whether it prints its rate."""
    def ours(with_sink):
        path = topology(with_sink)
        return lambda broker, group, count: [
            CSTORM, "run", "-q", path, "-o", f"kafka.bootstrap.servers={broker.bootstrap}", "-o", "source.topic=bench", "-o",
            "source.stop=end", "-o", f"source.group={group}", *(["-o", "sink.output=/dev/null"] if with_sink else [])]

    def loop(name, text):
        python = peers.get_python(f"python-{name}", REQUIREMENTS[name])
        return lambda broker, group, count: [python, "-c", text, broker.bootstrap, "bench", group, count]

    class_path = storm_classes()
    return {
        SPOUT: (ours(False), False),
        SINK: (ours(True), False),
        BARE: (lambda broker, group, count: [PLACE / "bench_kafka_limit", broker.bootstrap, "bench", group, count], False),
        KCAT: (lambda broker, group, count: ["kcat", "-b", broker.bootstrap, "-C", "-t", "bench", "-o", "beginning", "-e", "-q"],
               False),
        CONFLUENT: (loop(CONFLUENT, CONFLUENT_LOOP), True),
        PYKAFKA: (loop(PYKAFKA, PYKAFKA_LOOP), True),
        STORM: (lambda broker, group, count: ["java", "-cp", class_path, "bench.KafkaRate", broker.bootstrap, "bench", group,
                                              count], True),
    }


def rate_of(command, prints, count):
    begin = time.time()
    found = subprocess.run([str(word) for word in command], check=False, stdout=subprocess.PIPE if prints else subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True, cwd=PLACE, timeout=600)
    took = time.time() - begin
    if found.returncode != 0:
        raise Failure(f"{command[0]} has ended with status {found.returncode}: {found.stderr[-300:]}")
    return float(found.stdout.split()[-1]) if prints else count / took


def measure_all(cases, runs, quick):
    progress = Progress("kafka")
    if not (BUILD / "tool/cstorm-kafka-components").exists():
        raise Failure("kafka: librdkafka is missing: script/bootstrap installs it, then `meson configure build -Dkafka=enabled`")
    run("ninja", "-C", BUILD, "bench/bench_kafka_limit")
    count = 500_000 if quick else 2_000_000
    found = {}
    with Broker() as broker:
        progress.show("filling the topic")
        fill(broker, count)
        programs = commands()
        # The first group of all has the broker make the topic for what is committed.
        rate_of(programs[BARE][0](broker, "first", count), False, count)
        for number in range(runs):
            for name, (command, prints) in programs.items():
                progress.show(f"run {number + 1} of {runs}, {name}")
                some = int(count * SHARE.get(name, 1))
                rate = rate_of(command(broker, f"group-{number}-{len(name)}-{time.time()}", some), prints, some)
                found.setdefault(name, {"rates": []})["rates"].append(rate)
    progress.end()
    return {case: found for case in cases}


def bars(found):
    for programs_found in found.values():
        yield "the spout, of a bare consumer", median(programs_found[SPOUT]) / median(programs_found[BARE]), BAR


def tables(found):
    for case, programs_found in found.items():
        ours = median(programs_found[SPOUT])
        yield case, table(["", "messages/s", "spread", "the spout is faster"],
                          [[name, f"{median(entry):,.0f}", spread(entry), f"{ours / median(entry):.2f}"]
                           for name, entry in programs_found.items()])
