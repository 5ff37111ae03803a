// `npm run differential -- FILE.jsonl [--host inline|workers|sim] [--family NAME]... [--seeds N]`: scenarios whose
// traces were recorded from a BEAM, run on this VM and compared.

import { prepare, runBuilt } from './prepare.mjs'

prepare()
await runBuilt('test/differential/dist/main.js')
