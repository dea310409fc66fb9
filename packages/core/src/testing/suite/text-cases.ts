import { hostileTexts } from '../hostile-texts.ts';
import { MemoryBackupDirectory } from '../memory-backup-directory.ts';
import { type PersistenceCase } from '../persistence-case.ts';

export const textCases: readonly PersistenceCase[] = [
  {
    title: 'text: every hostile text is read back unchanged, also from a restored backup',
    async run({ open, expect }) {
      const db = await open();
      const texts = Object.values(hostileTexts);
      await db.record({
        memories: texts.map((text) => ({ agentId: text, agentType: text, memory: JSON.stringify(text) })),
        audits: texts.map((text) => ({ agentId: text, operation: text, status: 'completed', details: text })),
      });
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      for (const from of ['json', 'image'] as const) {
        const memories = (await db.queryMemory()).toReversed();
        // Compared with ===, so that a failure does not print a megabyte.
        expect(memories.every(({ agentId }, index) => agentId === texts[index])).toBe(true);
        expect(memories.every(({ memoryJson }, index) => memoryJson === JSON.stringify(texts[index]))).toBe(
          true,
        );
        const audits = (await db.queryAuditTrail()).toReversed();
        expect(audits.every(({ details }, index) => details === texts[index])).toBe(true);
        expect([memories.length, audits.length]).toEqual([texts.length, texts.length]);
        await db.restoreBackup({ directory, from, force: true });
      }
      for (const text of texts) expect((await db.getMemory(text)) === JSON.stringify(text)).toBe(true);
    },
  },
];
