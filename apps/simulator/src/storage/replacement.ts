/** What the database can be replaced by: a file of the user, or a folder with a backup. */
import {
  type BackupDirectory,
  type LongOperationOptions,
  type Persistence,
  type Progress,
  type RestoreReport,
  type RowCounts,
  TABLE_NAMES,
  type VerifyReport,
} from '@ggen-sim/core';
import { formatBytes, formatCount } from '../components/format.ts';
import { printable } from '../components/printable.ts';
import { streamOf } from './stream-of.ts';

/** Content of a {@link Replacement}. */
export interface Inspection extends RowCounts {
  /** Tables of other programs. */
  readonly otherTables: readonly string[];
  /** Undefined for a backup: one that a check has found wrong is refused. */
  readonly verification: VerifyReport | undefined;
}

export interface Replacement {
  /** Name for the user. */
  readonly name: string;
  /** With its article, in a sentence. */
  readonly kind: 'The file' | 'The backup';
  readonly sizeBytes: number;
  /** Checks it and tells what it holds. */
  inspect(persistence: Persistence, options: LongOperationOptions): Promise<Inspection>;
  /** Replaces the database by it. */
  replace(persistence: Persistence, options: LongOperationOptions): Promise<void>;
}

/** Makes a replacement of an SQLite file. */
export function fileReplacement(file: File): Replacement {
  return {
    name: printable(file.name),
    kind: 'The file',
    sizeBytes: file.size,
    inspect: (persistence, options) => persistence.inspectImage({ ...options, image: streamOf(file) }),
    replace: (persistence, options) => persistence.importImage({ ...options, image: streamOf(file) }),
  };
}

/** Makes a replacement of the files in a folder that the user has chosen, and in the folders below. */
export function backupReplacement(files: readonly File[]): Replacement {
  const [folder = ''] = files[0]?.webkitRelativePath.split('/') ?? [];
  const name = printable(folder);
  const inFolder = new Map(
    files
      .filter(({ name: fileName, webkitRelativePath }) => webkitRelativePath === `${folder}/${fileName}`)
      .map((file) => [file.name, file]),
  );
  const refuse = (): Promise<never> => Promise.reject(new Error('This folder is for reading only'));
  const directory: BackupDirectory = {
    name,
    create: refuse,
    finish: refuse,
    discard: () => Promise.resolve(),
    open(fileName) {
      const file = inFolder.get(fileName);
      return Promise.resolve(file && streamOf(file));
    },
  };
  const restore = (
    persistence: Persistence,
    options: LongOperationOptions,
    dryRun: boolean,
  ): Promise<RestoreReport> => persistence.restoreBackup({ ...options, directory, force: true, dryRun });
  return {
    name,
    kind: 'The backup',
    sizeBytes: [...inFolder.values()].reduce((total, { size }) => total + size, 0),
    inspect: async (persistence, options) => ({
      ...(await restore(persistence, options, true)),
      otherTables: [],
      verification: undefined,
    }),
    replace: async (persistence, options) => void (await restore(persistence, options, false)),
  };
}

/** Says how far an inspection is. */
export function describeInspection(
  { stage, done, total, unit }: Progress,
  { sizeBytes }: Replacement,
): string {
  if (stage === 'read') return `Reading: ${formatBytes(done)} of ${formatBytes(sizeBytes)}`;
  if (stage === 'check') return 'Opening';
  const format = unit === 'bytes' ? formatBytes : (count: number) => `${formatCount(count)} ${unit}`;
  const of = total === undefined ? '' : ` of ${unit === 'bytes' ? formatBytes(total) : formatCount(total)}`;
  return `Checking ${stage.replace(/^verify /, '')}: ${format(done)}${of}`;
}

/** Says how far a replacement is. */
export function describeReplacing({ stage, done, total = 0 }: Progress, { sizeBytes }: Replacement): string {
  if (stage === 'read') return `Reading the file: ${formatBytes(done)} of ${formatBytes(sizeBytes)}`;
  if (TABLE_NAMES.some((table) => table === stage)) return `Replacing: ${formatCount(done)} rows`;
  if (stage !== 'image') return 'Checking the file…';
  return `Replacing: ${formatBytes(done)} of ${formatBytes(total)}`;
}
