import { openPersistence } from '@ggen-sim/core';
import { serveStdio } from '@ggen-sim/mcp';

const db = await openPersistence({ storage: 'file', path: 'mcp.db' });
await serveStdio(db, { agent: 'my-agent' });
await db.close();
