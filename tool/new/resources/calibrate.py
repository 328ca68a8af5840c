# @if python@
"""Bolt: corrects the readings of sensors that are known to be off."""

from pystorm.bolt import Bolt

# How much more than the truth a sensor shows.
OFFSETS = {"cellar": 1.5}


class Calibrate(Bolt):
    def process(self, tup):
        sensor, value = tup.values
        self.emit([sensor, value - OFFSETS.get(sensor, 0)])


if __name__ == "__main__":
    Calibrate().run()
# @end@
