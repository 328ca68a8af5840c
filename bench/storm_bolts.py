"""What is measured with Storm's own storm.py: the name of the bolt is the argument."""

import sys
from urllib.parse import urlparse

import storm


class Echo(storm.BasicBolt):
    def process(self, tup):
        storm.emit([tup.values[0]])


class Ack(storm.BasicBolt):
    def process(self, tup):
        pass


class Split(storm.BasicBolt):
    def process(self, tup):
        for word in tup.values[0].split():
            storm.emit([word])


class Urlparse(storm.BasicBolt):
    def process(self, tup):
        storm.emit(list(urlparse(tup.values[0])))


class Wide(storm.BasicBolt):
    def process(self, tup):
        storm.emit(list(tup.values))


bolts = {"echo": Echo, "ack": Ack, "split": Split, "urlparse": Urlparse, "wide": Wide}
bolts[sys.argv[1]]().run()
