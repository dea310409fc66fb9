/** Where the page writes a backup: a folder that the user chooses, or an archive of one that is downloaded. */
import type { BackupDirectory } from '@ggen-sim/core';
import { downloadFile } from './download.ts';
import { tarArchive } from './tar-archive.ts';

declare global {
  /** Missing in Firefox and Safari. */
  var showDirectoryPicker:
    | ((options: { readonly id: string; readonly mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>)
    | undefined;
}

const notRead = (): Promise<never> => Promise.reject(new Error('This folder is for writing only'));

/**
 * Lets the user choose where a backup is written.
 * @param name - of the folder that the backup becomes
 * @returns undefined when the user chooses nothing
 */
export async function chooseBackupFolder(name: string): Promise<BackupDirectory | undefined> {
  if (globalThis.showDirectoryPicker === undefined) return downloadedArchive(name);
  try {
    return folderIn(await globalThis.showDirectoryPicker({ id: 'backups', mode: 'readwrite' }), name);
  } catch (error) {
    if ((error as DOMException).name === 'AbortError') return undefined;
    throw error;
  }
}

/** Makes a new folder in one of the user's. */
function folderIn(parent: FileSystemDirectoryHandle, name: string): BackupDirectory {
  let folder: Promise<FileSystemDirectoryHandle> | undefined;
  return {
    name,
    async create(fileName) {
      folder ??= parent.getDirectoryHandle(name, { create: true });
      const file = await (await folder).getFileHandle(fileName, { create: true });
      return file.createWritable();
    },
    finish: () => Promise.resolve(),
    discard: () => parent.removeEntry(name, { recursive: true }),
    open: notRead,
  };
}

/** Makes a folder that is downloaded as one file. */
function downloadedArchive(name: string): BackupDirectory {
  const written: { readonly fileName: string; readonly content: Promise<Blob> }[] = [];
  return {
    name: `${name}.tar`,
    create(fileName) {
      const through = new TransformStream<Uint8Array, Uint8Array>();
      const content = new Response(through.readable).blob();
      // One that was cancelled is never read.
      content.catch(() => undefined);
      written.push({ fileName, content });
      return Promise.resolve(through.writable);
    },
    async finish() {
      const files = written.map(async ({ fileName, content }) => ({
        path: `${name}/${fileName}`,
        content: await content,
      }));
      const archive = tarArchive(await Promise.all(files), new Date());
      downloadFile(`${name}.tar`, [archive], archive.type);
    },
    discard: () => Promise.resolve(void written.splice(0)),
    open: notRead,
  };
}
