"""A bolt that emits the words of a sentence."""

import sys

from pystorm.bolt import Bolt


class SplitBolt(Bolt):
    def process(self, tup):
        for word in tup.values[0].split():
            self.emit([word])


SplitBolt(serializer=sys.argv[1]).run()
