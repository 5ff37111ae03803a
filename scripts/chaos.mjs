// `npm run chaos -- [--minutes N] …`: load, moves and deaths at once, for as long as one likes; prints its counts last. Exit
// code 0 only if nothing was lost.

import { prepare, runBuilt } from './prepare.mjs'

prepare()
await runBuilt('test/chaos/dist/main.js')
