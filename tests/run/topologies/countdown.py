"""A bolt on a cycle: it emits each number less one to the stream "again", which is its own input,
and a zero to the stream "done"."""

import multilang


class Countdown(multilang.Bolt):
    def process(self, message):
        number = message["tuple"][0]
        self.emit(
            stream="again" if number > 0 else "done",
            tuple=[max(number - 1, 0)],
            anchors=[message["id"]],
            need_task_ids=False,
        )
        self.acknowledge(message)


Countdown().run()
