// What is measured with Storm's own storm.js: the name of the bolt is the argument.
const {BasicBolt} = require('storm');

const bolts = {
  echo: (tuple, emit) => emit([tuple.values[0]]),
  ack: () => {},
  split: (tuple, emit) => {
    for (const word of tuple.values[0].split(' '))
      emit([word]);
  },
  urlparse: (tuple, emit) => {
    const url = new URL(tuple.values[0]);
    emit([url.protocol.slice(0, -1), url.host, url.pathname, '', url.search.slice(1), url.hash.slice(1)]);
  },
  wide: (tuple, emit) => emit(tuple.values.slice()),
};

class Bolt extends BasicBolt {
  process(tuple, done) {
    bolts[process.argv[2]](tuple, values => this.emit({tuple: values, anchorTupleId: tuple.id}, () => {}));
    done();
  }
}

new Bolt().run();
