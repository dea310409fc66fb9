import { openPersistence } from '@ggen-sim/core';
import { drain } from '@ggen-sim/hooks';

const [path] = process.argv.slice(2);
const db = await openPersistence({ storage: 'file', path });
await drain(db, path, { hasTurn: true });
await db.close();
