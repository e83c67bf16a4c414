import { describe, test } from 'node:test';
import { useLocum, withLocum } from 'locum-testing/node';
import faulty from './faulty.cjs';

faulty({ describe, test, useLocum, withLocum });
