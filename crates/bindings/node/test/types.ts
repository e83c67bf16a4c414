// Compiled, never run: the declarations fit what a test writes.
import { useLocum, withLocum } from 'locum-testing/vitest';

const locum = useLocum('pattern', { clock: { mode: 'frozen' }, ignore: ['REQ-08'] });
export const now: Promise<string> = locum.advance(60).then((clock) => clock.now);
export const body: (context: { signal: AbortSignal }) => Promise<string> = withLocum(
    'corti',
    { verdicts: 'strict' },
    async ({ credentials }, _context: { signal: AbortSignal }) => credentials.client_id,
);
// @ts-expect-error a word that there is not
useLocum('pattern', { verdicts: 'maybe' });
