/** Arguments: a path and a name. Saves receipts until it is killed; prints each id once its promise has resolved. */
import fs from 'node:fs';
import { openPersistence } from '../../src/index.ts';

const CALLERS = 4;
const [path = '', name = ''] = process.argv.slice(2);
const db = await openPersistence({ storage: 'file', path });
let saved = 0;

async function saveForever(): Promise<never> {
  for (;;) {
    const { receiptId } = await db.saveReceipt({
      executionId: `${name}-${saved++}`,
      agentId: name,
      agentType: 'test',
      receipt: { filler: 'x'.repeat(saved % 3000) },
    });
    // Synchronous, so that an acknowledged id is printed even if the process is killed at once.
    fs.writeSync(1, `${receiptId}\n`);
  }
}

await Promise.all(Array.from({ length: CALLERS }, saveForever));
