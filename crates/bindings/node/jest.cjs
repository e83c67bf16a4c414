'use strict';
/* global afterAll, afterEach, beforeEach */
module.exports = require('./hooks.cjs')({ afterAll, afterEach, beforeEach });
