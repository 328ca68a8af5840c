from pystorm import Bolt


class Shout(Bolt):
    def process(self, tup):
        word = tup.values[0]
        self.emit([word.upper(), len(word)])


if __name__ == "__main__":
    Shout().run()
