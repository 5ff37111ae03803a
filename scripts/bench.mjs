// `npm run bench -- NAME [args]`: this project's own benchmarks.

import { prepare, runBuilt } from './prepare.mjs'

prepare()
await runBuilt('bench/dist/main.js')
