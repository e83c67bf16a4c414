import { describe, test } from 'vitest';
import { useLocum, withLocum } from 'locum-testing/vitest';
import suite from '../suite.cjs';

const concurrent = (name, body) => describe.concurrent(name, () => body(test));
suite({ describe, test, concurrent, useLocum, withLocum });
