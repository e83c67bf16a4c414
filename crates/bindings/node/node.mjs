import { after, afterEach, beforeEach } from 'node:test';
import hooks from './hooks.cjs';

export const { useLocum, withLocum } = hooks({ afterAll: after, afterEach, beforeEach });
