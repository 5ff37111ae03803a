// `npm run sim -- [--seeds N] [--from N] [--program NAME]`, `npm run sim -- --seed N`: schedules of a simulated VM.

import { prepare, runBuilt } from './prepare.mjs'

prepare()
await runBuilt('test/simulations/dist/main.js')
