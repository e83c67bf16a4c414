import { describe, test } from 'vitest';
import { useLocum, withLocum } from 'locum-testing/vitest';
import faulty from './faulty.cjs';

faulty({ describe, test, useLocum, withLocum });
