'use strict';
// Tests that ought to fail, though none of them asserts anything.
const { interactions } = require('../clients.cjs');

module.exports = ({ describe, test, useLocum, withLocum }) => {
    test('faulty with a stage', withLocum('corti', (locum) => interactions(locum)));
    describe('hooks', () => {
        const locum = useLocum('corti');
        test('faulty by hooks', () => interactions(locum));
        test('not as faulty as expected', () => {
            locum.expect('WSS-09');
        });
        test('good', () => interactions(locum, locum.credentials.tenant));
    });
};
