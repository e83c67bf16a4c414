import { afterAll, afterEach, beforeEach } from 'vitest';
import hooks from './hooks.cjs';

export const { useLocum, withLocum } = hooks({ afterAll, afterEach, beforeEach });
