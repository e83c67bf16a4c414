const { useLocum, withLocum } = require('locum-testing/jest');

require('./faulty.cjs')({ describe, test, useLocum, withLocum });
