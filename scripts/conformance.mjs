// `npm run conformance`: writes docs/conformance.md from the record in test/conformance. A test holds the two together.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tsImport } from 'tsx/esm/api'
import { prepare, root } from './prepare.mjs'

prepare()
const { conformanceDoc } = await tsImport('../test/conformance/doc.ts', import.meta.url)
writeFileSync(join(root, 'docs/conformance.md'), conformanceDoc())
