import { useState, type DragEvent, type ReactNode } from 'react';
import { notify } from '../components/notices.tsx';
import { readFiles } from './read-files.ts';
import type { NewDocument } from './session.ts';
import './drop-zone.css';

/** Reads chosen or dropped files and says which were refused. */
export async function takeFiles(
  files: readonly File[],
  onDocuments: (documents: readonly NewDocument[]) => void,
): Promise<void> {
  const { documents, refused } = await readFiles(files);
  if (documents.length > 0) onDocuments(documents);
  for (const { name, reason } of refused) notify(`${name} was not added`, `Because ${reason}.`);
}

/** An area that takes dropped documents. The same is possible from the keyboard through “Add”. */
export function DropZone({
  onDocuments,
  children,
}: {
  onDocuments: (documents: readonly NewDocument[]) => void;
  children: ReactNode;
}): ReactNode {
  const [over, setOver] = useState(false);
  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void takeFiles([...event.dataTransfer.files], onDocuments);
  };
  return (
    <div
      className="workbench"
      onDragOver={onDragOver}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      // Before the editor, which would take the file's text for itself.
      onDropCapture={(event) => {
        if (event.dataTransfer.files.length > 0) onDrop(event);
      }}
    >
      {children}
      {over ? <div className="drop-zone">Drop .ttl, .nt, .nq or .trig files to add them</div> : null}
    </div>
  );
}
