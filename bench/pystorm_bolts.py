"""What is measured with pystorm: the name of the bolt is the argument, and `msgpack` behind it for that serializer."""

import sys
from urllib.parse import urlparse

from pystorm import Bolt


class Echo(Bolt):
    def process(self, tup):
        self.emit([tup.values[0]])


class Ack(Bolt):
    def process(self, tup):
        pass


class Split(Bolt):
    def process(self, tup):
        for word in tup.values[0].split():
            self.emit([word])


class Urlparse(Bolt):
    def process(self, tup):
        self.emit(list(urlparse(tup.values[0])))


class Wide(Bolt):
    def process(self, tup):
        self.emit(list(tup.values))


class Count(Bolt):
    def initialize(self, conf, context):
        self.counts = {}

    def process(self, tup):
        word = tup.values[0]
        self.counts[word] = self.counts.get(word, 0) + 1
        self.emit([word, self.counts[word]])


if __name__ == "__main__":
    bolts = {"echo": Echo, "ack": Ack, "split": Split, "urlparse": Urlparse, "wide": Wide, "count": Count}
    bolts[sys.argv[1]](serializer=sys.argv[2] if len(sys.argv) > 2 else "json").run()
