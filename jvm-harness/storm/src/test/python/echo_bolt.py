"""A bolt that sends back what it gets, in the way that the first value says."""

import sys

from pystorm.bolt import Bolt


class EchoBolt(Bolt):
    def process(self, tup):
        what, more = tup.values
        if what == "direct":
            self.emit([more], stream="direct", direct_task=more)
        elif what == "ids":
            self.emit(["ids", self.emit(["first", more], need_task_ids=True)])
        elif what == "fail":
            raise ValueError("told to fail")
        elif what == "log":
            self.logger.warning(more)
        else:
            self.emit([what, more])


class StayingEchoBolt(EchoBolt):
    exit_on_exception = False


StayingEchoBolt(serializer=sys.argv[1]).run()
