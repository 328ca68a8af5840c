"""The recorded streams that components are measured on: a handshake, then tuples, as Storm writes them."""

import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "run"))
import msgpack  # noqa: E402  the one of the tests: they depend on no package

WORDS = ("the stream is a sequence of tuples that spouts emit and bolts receive in parallel across many machines "
         "with every tuple processed at least once").split()
# How many tuples each bolt emits for one.
EMITS = {"echo": 1, "ack": 0, "split": 8, "urlparse": 1, "wide": 1}
FIELDS = {"wide": ["a", "b", "c", "d", "e", "f"]}

# How many different tuples there are: more than any cache of a parser keeps.
VARIETY = 1000


def word(choose):
    return choose.choice(WORDS) + str(choose.randrange(10000))


def url(choose):
    return (f"https://user{choose.randrange(99)}@www.example{choose.randrange(999)}.com:8080/{word(choose)}/{word(choose)}.html"
            f";type={choose.randrange(9)}?q={word(choose)}&page={choose.randrange(50)}#{word(choose)}")


def wide(choose):
    """Some 500 bytes as JSON: a text with escapes, numbers, nested objects."""
    text = "\t".join(f'"{word(choose)}"' for _ in range(10)) + "\n\\ \u00e9\u4e16"
    nested = {"user": {"name": word(choose), "tags": [word(choose) for _ in range(5)], "score": choose.random()},
              "list": [{"n": n, "w": word(choose)} for n in range(4)], "none": None, "yes": True}
    return [word(choose), choose.randrange(2**40), choose.random() * 1e6, text, nested, [word(choose) for _ in range(6)]]


def values(bolt, choose):
    if bolt == "split":
        return [" ".join(word(choose) for _ in range(8))]
    if bolt == "urlparse":
        return [url(choose)]
    if bolt.startswith("fields-"):
        return [word(choose) for _ in range(int(bolt[7:]))]
    return wide(choose) if bolt == "wide" else [word(choose)]


def handshake(bolt, folder, serializer):
    fields = FIELDS.get(bolt, ["word"])
    if bolt.startswith("fields-"):
        fields, bolt = [f"f{i}" for i in range(int(bolt[7:]))], "ack"
    return {
        "pidDir": folder,
        "conf": {"topology.name": "components", "topology.message.timeout.secs": 30, "topology.debug": False,
                 "topology.multilang.serializer": serializer},
        "context": {
            "task->component": {"1": "__acker", "2": "source", "3": bolt}, "taskid": 3, "componentid": bolt,
            "streams": ["default"], "stream->outputfields": {"default": ["word"]}, "stream->target->grouping": {},
            "source->stream->grouping": {"source": {"default": {"type": "SHUFFLE"}}},
            "source->stream->fields": {"source": {"default": fields}}}}


def as_json(message):
    # Storm escapes the slash, and leaves out spaces.
    return json.dumps(message, separators=(",", ":")).replace("/", "\\/").encode() + b"\nend\n"


def write(path, bolt, wire, count, folder):
    """
    Write a stream of so many tuples for a bolt, unless it is there. On the wire "json+tasks" the ids of tasks follow each
    tuple, for a peer that asks for them with every emit.
    """
    if os.path.exists(path):
        return
    choose = random.Random(5)
    encode = msgpack.encode if wire == "msgpack" else as_json
    serializer = "cstorm.multilang.MessagePackSerializer" if wire == "msgpack" else "org.apache.storm.multilang.JsonSerializer"
    tasks = encode([9]) * EMITS[bolt] if wire == "json+tasks" else b""
    variety = [values(bolt, choose) for _ in range(min(count, VARIETY))]
    with open(path + ".new", "wb") as file:
        file.write(encode(handshake(bolt, folder, serializer)))
        for i in range(count):
            file.write(encode({"id": str(7000000000000000000 + i * 7919), "comp": "source", "stream": "default", "task": 2,
                               "tuple": variety[i % len(variety)]}))
            file.write(tasks)
    os.rename(path + ".new", path)
