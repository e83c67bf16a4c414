'use strict';
// Where the program is: in the package of this platform, which npm chose among the optional ones.
const { optionalDependencies } = require('./package.json');

const platform = `@locum-dev/${process.platform}-${process.arch}`;
const file = process.platform === 'win32' ? 'locum.exe' : 'locum';

module.exports = function binary() {
    if (!(platform in optionalDependencies)) {
        const known = Object.keys(optionalDependencies).map((name) => name.replace('@locum-dev/', ''));
        throw new Error(`locum has no package for ${process.platform}-${process.arch}, only for ${known.join(', ')}: build it from its sources`);
    }
    try {
        return require.resolve(`${platform}/${file}`);
    } catch {
        throw new Error(`${platform} is not installed: install locum on this platform, and not with --omit=optional or another platform's node_modules`);
    }
};
