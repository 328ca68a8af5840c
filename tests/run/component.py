"""Components that speak the multi-lang protocol by hand: what a run does with something that is not
libcstorm. The first argument is a role, which is a function below."""

import json
import os
import sys
import time


def receive():
    lines = []
    while True:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        if line == "end\n":
            return json.loads("".join(lines))
        lines.append(line)


def send(message):
    sys.stdout.write(json.dumps(message) + "\nend\n")
    sys.stdout.flush()


def start():
    handshake = receive()
    with open(os.path.join(handshake["pidDir"], str(os.getpid())), "w"):
        pass
    send({"pid": os.getpid()})
    return handshake


def note(path, *values):
    """Append a line to a file, in one write."""
    with open(path, "ab", 0) as file:
        file.write((json.dumps(values) + "\n").encode())


def receive_tuple():
    """The next tuple of a bolt; heartbeats are answered on the way."""
    while True:
        message = receive()
        if isinstance(message, dict) and message["stream"] == "__heartbeat":
            send({"command": "sync"})
            continue
        return message


def ack(message):
    send({"command": "ack", "id": message["id"]})


def emit(values, **more):
    send({"command": "emit", "tuple": values, "need_task_ids": False, **more})


# Spouts


def spout_numbers(count, *emissions):
    """Emit `count` tuples, one a next: [number], or what `emissions` (JSON) say."""
    start()
    tuples = [json.loads(e) for e in emissions] or [{"tuple": [n], "id": n} for n in range(int(count))]
    failed = []
    while True:
        message = receive()
        if message["command"] == "next" and (failed or tuples):
            emission = failed.pop(0) if failed else tuples.pop(0)
            send({"command": "emit", "need_task_ids": False, **emission})
        elif message["command"] == "fail":
            failed.append({"tuple": [message["id"]], "id": message["id"]})
        send({"command": "sync", "finished": not tuples and not failed})


def spout_recorder(path, count):
    """Emit numbers, and note each command and the number of pending tuples."""
    start()
    number, pending = 0, 0
    while True:
        message = receive()
        if message["command"] == "next" and number < int(count):
            send({"command": "emit", "tuple": [number], "id": {"n": number, "s": "é"}, "need_task_ids": False})
            number += 1
            pending += 1
        elif message["command"] in ("ack", "fail"):
            pending -= 1
        note(path, message["command"], message["id"], pending)
        send({"command": "sync", "finished": number == int(count)})


def spout_endless():
    start()
    while True:
        if receive()["command"] == "next":
            send({"command": "emit", "tuple": [1], "id": "x", "need_task_ids": False})
        send({"command": "sync"})


def spout_hangs_once(path):
    """Never answers its first next, but does so in its second life."""
    start()
    first = not os.path.exists(path)
    done = False
    while True:
        message = receive()
        if message["command"] == "next":
            if first:
                note(path, "hang")
                time.sleep(1000)
            if not done:
                send({"command": "emit", "tuple": [1], "id": "x", "need_task_ids": False})
            done = True
        send({"command": "sync", "finished": done})


def spout_says(text):
    """Sends a text of its own as the answer to the first next."""
    start()
    while True:
        if receive()["command"] == "next":
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            send({"command": "sync"})


# Bolts


def bolt_note(path):
    """Note the task and the values of each tuple, and ack it."""
    task = start()["context"]["taskid"]
    while True:
        message = receive_tuple()
        note(path, task, message["comp"], message["stream"], message["tuple"], message["task"])
        ack(message)


def bolt_handshake(path):
    note(path, start())
    while True:
        ack(receive_tuple())


def bolt_pass(stream="default"):
    """Emit each tuple again, anchored."""
    start()
    while True:
        message = receive_tuple()
        emit(message["tuple"], anchors=[message["id"]], stream=stream)
        ack(message)


def bolt_pair():
    """Emit one tuple anchored to each two that come, and ack them after it."""
    start()
    while True:
        a, b = receive_tuple(), receive_tuple()
        emit([a["tuple"][0], b["tuple"][0]], anchors=[a["id"], b["id"]])
        ack(a)
        ack(b)


def bolt_direct(target):
    """Send each tuple to the tasks of a component in turn."""
    tasks = sorted(int(t) for t, c in start()["context"]["task->component"].items() if c == target)
    turn = 0
    while True:
        message = receive_tuple()
        emit(message["tuple"] + [tasks[turn]], anchors=[message["id"]], stream="direct", task=tasks[turn])
        turn = (turn + 1) % len(tasks)
        ack(message)


def bolt_task_ids(path):
    """Ask for the task ids of what it emits, and note them."""
    start()
    waiting = []
    while True:
        message = waiting.pop(0) if waiting else receive_tuple()
        send({"command": "emit", "tuple": message["tuple"], "anchors": [message["id"]]})
        answer = receive_tuple()
        while not isinstance(answer, list):
            waiting.append(answer)
            answer = receive_tuple()
        note(path, message["tuple"], answer)
        ack(message)


def bolt_fail_first(path):
    """Fail each value the first time that it comes."""
    start()
    seen = set()
    while True:
        message = receive_tuple()
        value = json.dumps(message["tuple"])
        note(path, message["tuple"], value in seen)
        send({"command": "ack" if value in seen else "fail", "id": message["id"]})
        seen.add(value)


def bolt_ignore_first(path):
    """Neither ack nor fail the first tuple, so that its time runs out."""
    start()
    note(path, receive_tuple()["tuple"])
    while True:
        message = receive_tuple()
        note(path, message["tuple"])
        ack(message)


def bolt_hang_once(path):
    start()
    message = receive_tuple()
    note(path, message["tuple"])
    if len(open(path).readlines()) == 1:
        time.sleep(1000)
    while True:
        ack(message)
        message = receive_tuple()
        note(path, message["tuple"])


def bolt_ticks(path):
    start()
    while True:
        message = receive_tuple()
        note(path, message["comp"], message["stream"], message["task"], message["tuple"])
        ack(message)


def bolt_crash_on(value):
    start()
    while True:
        message = receive_tuple()
        if message["tuple"] == [json.loads(value)]:
            os.abort()
        ack(message)


def bolt_says(text):
    """Sends a text of its own for each tuple; %ID% becomes the tuple's id."""
    start()
    while True:
        message = receive_tuple()
        sys.stdout.write(text.replace("%ID%", message["id"]))
        sys.stdout.flush()


def bolt_at_end(path, value, seconds="0"):
    """Ack all; at the end of the input note that, wait, and emit a value."""
    start()
    while True:
        lines = []
        while True:
            line = sys.stdin.readline()
            if not line:
                note(path, value, time.monotonic())
                time.sleep(float(seconds))
                emit([value])
                sys.exit(0)
            if line == "end\n":
                break
            lines.append(line)
        message = json.loads("".join(lines))
        if message["stream"] == "__heartbeat":
            send({"command": "sync"})
        else:
            note(path, message["tuple"])
            ack(message)


def bolt_stays():
    """Goes on when its input ends."""
    start()
    while True:
        if not sys.stdin.readline():
            time.sleep(1000)
        send({"command": "sync"})


def bolt_logs():
    start()
    for level in range(5):
        send({"command": "log", "msg": f"level {level}", "level": level})
    send({"command": "log", "msg": "first\nsecond \x1b[31m"})
    send({"command": "error", "msg": "an error report"})
    send({"command": "metrics", "name": "m", "params": 1})
    send({"command": "unknown to Storm, which ignores it"})
    sys.stderr.write("on the standard error\nwithout an end")
    sys.stderr.flush()
    while True:
        ack(receive_tuple())


globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
