"""A reliable spout of numbered sentences, as many as the setting sentences.count says."""

import sys

from pystorm.spout import ReliableSpout

WORDS = ("the", "cat", "sat", "on", "a", "naïve", "mat")


class SentenceSpout(ReliableSpout):
    max_fails = 2
    number = 0

    def next_tuple(self):
        if self.number < self.storm_conf["sentences.count"]:
            words = [WORDS[self.number % len(WORDS)], WORDS[self.number % 3], f"n{self.number}"]
            self.emit([" ".join(words)], tup_id=str(self.number))
            self.number += 1

    def ack(self, tup_id):
        given_up = self.failed_tuples[tup_id] >= self.max_fails
        super().ack(tup_id)
        self.logger.info("%s %s", "given up" if given_up else "acked", tup_id)


SentenceSpout(serializer=sys.argv[1]).run()
