const { useLocum, withLocum } = require('locum-testing/jest');

const concurrent = (name, body) => describe(name, () => body(test.concurrent));
require('../suite.cjs')({ describe, test, concurrent, useLocum, withLocum });
