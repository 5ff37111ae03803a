// `npm start [-- args]`: the main job, on a fresh clone too.

import { prepare, runBuilt } from './prepare.mjs'

prepare()
await runBuilt('examples/main-job/dist/main.js')
