import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, it } from 'vitest';
import { MemoryDisk, memoryStorage, openDatabase } from '../../src/index.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { describeDrivers } from './orm-cases.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'orm-'));

afterAll(() => fs.rmSync(folder, { recursive: true }));

const disk = new MemoryDisk();

describeDrivers('memory', () => openDatabase(memoryStorage(disk)), it);
describeDrivers('file', () => openDatabase(fileStorage(path.join(folder, 'notes.db'))), it);
