// `npm run stress -- [--seconds N] [--schedulers N] [--seed N] [--kills]`: the randomised stress test, for as long as one
// likes. Exit code 0 only if nothing was found.

import { prepare, runBuilt } from './prepare.mjs'

prepare()
await runBuilt('test/stress/dist/main.js')
