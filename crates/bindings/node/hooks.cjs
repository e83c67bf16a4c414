'use strict';
const { Locum } = require('./stage.cjs');
const { start } = require('./server.cjs');

let server;
let users = 0;

/** One server for as long as a part of a test file needs one. */
function keep(afterAll) {
    users += 1;
    afterAll(async () => {
        users -= 1;
        if (users > 0 || !server) return;
        const stopping = server;
        server = undefined;
        await (await stopping).stop();
    });
}

const open = async (vendor, options) => Locum.open(await (server ??= start()), vendor, options);

/** The two ways in, on the hooks of a runner. */
module.exports = ({ beforeEach, afterEach, afterAll }) => ({
    useLocum(vendor, options) {
        let current;
        keep(afterAll);
        beforeEach(async () => {
            if (current) throw new Error('locum: tests that run concurrently take a stage each by withLocum');
            current = await open(vendor, options);
        });
        afterEach(async () => {
            const closing = current;
            current = undefined;
            await closing?.close();
        });
        const member = (_, name) => {
            if (!current) throw new Error('locum: there is a stage within a test only');
            return typeof current[name] === 'function' ? current[name].bind(current) : current[name];
        };
        return new Proxy({}, { get: member });
    },
    withLocum(vendor, ...rest) {
        const body = rest.pop();
        keep(afterAll);
        return async (...context) => {
            const locum = await open(vendor, rest[0]);
            let result;
            try {
                result = await body(locum, ...context);
            } catch (error) {
                locum.judge('off');
                await locum.close();
                throw error;
            }
            await locum.close();
            return result;
        };
    },
});
