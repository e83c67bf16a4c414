import { describe, test } from 'node:test';
import { useLocum, withLocum } from 'locum-testing/node';
import suite from '../suite.cjs';

const concurrent = (name, body) => describe(name, { concurrency: 8 }, () => body(test));
suite({ describe, test, concurrent, useLocum, withLocum });
