"""A bolt that says what its configuration says, before it acks a tuple.

test.says  the JSON text of an object with
           messages  messages, sent as they are
           stderr    text for the standard error, a character a byte (Latin-1)
           stdout    the same for the standard output, past the protocol
"""

import json
import os

import multilang


class Talker(multilang.Bolt):
    def process(self, message):
        says = json.loads(self.setting("says"))
        for said in says["messages"]:
            self.send(said)
        for fd, name in ((2, "stderr"), (1, "stdout")):
            text = says[name].encode("latin-1")
            while text:
                text = text[os.write(fd, text) :]
        self.acknowledge(message)


Talker().run()
