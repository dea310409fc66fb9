import { mergeText } from './merge-text.ts';
import { unusedName, type Session, type SessionDocument } from './session.ts';

/** Changes of two tabs that contradict each other. Both are kept. */
export type SessionConflict =
  | { readonly kind: 'lines'; readonly documentName: string; readonly line: number }
  /** One tab removed the document that the other changed. */
  | { readonly kind: 'removed'; readonly documentName: string };

/** The session of two tabs. */
export interface MergedSession {
  readonly session: Session;
  readonly conflicts: readonly SessionConflict[];
}

/**
 * Merges the changes that two tabs made to one session.
 *
 * @param base - the session that both come from
 * @param theirs - the session as the other tab saved it
 */
export function mergeSessions(base: Session, mine: Session, theirs: Session): MergedSession {
  const conflicts: SessionConflict[] = [];
  const documents: SessionDocument[] = [];
  const keep = (document: SessionDocument): void => {
    const taken = new Set(documents.map(({ name }) => name));
    documents.push({ ...document, name: unusedName(document.name, taken) });
  };
  for (const document of mine.documents) {
    const before = byId(base, document.id);
    const other = byId(theirs, document.id);
    if (other) keep(mergeDocuments(before ?? other, document, other, conflicts));
    else if (!before) keep(document);
    else if (!isSame(before, document)) {
      keep(document);
      conflicts.push({ kind: 'removed', documentName: document.name });
    }
  }
  for (const document of theirs.documents) {
    if (byId(mine, document.id)) continue;
    const before = byId(base, document.id);
    if (before && isSame(before, document)) continue;
    keep(document);
    if (before) conflicts.push({ kind: 'removed', documentName: document.name });
  }
  const changed = <Field extends 'name' | 'isDeleted' | 'agentId' | 'lastReceiptId'>(
    field: Field,
  ): Session[Field] => (mine[field] === base[field] ? theirs[field] : mine[field]);
  const session = {
    ...theirs,
    name: changed('name'),
    isDeleted: changed('isDeleted'),
    agentId: changed('agentId'),
    lastReceiptId: changed('lastReceiptId'),
    documents,
  };
  return { session, conflicts };
}

/** True when two sessions have the same content. */
export function isSameSession(one: Session, other: Session): boolean {
  return (
    one.name === other.name &&
    one.isDeleted === other.isDeleted &&
    one.agentId === other.agentId &&
    one.lastReceiptId === other.lastReceiptId &&
    one.documents.length === other.documents.length &&
    one.documents.every((document, index) => {
      const counterpart = other.documents[index];
      return document.id === counterpart?.id && isSame(document, counterpart);
    })
  );
}

function byId({ documents }: Session, documentId: string): SessionDocument | undefined {
  return documents.find(({ id }) => id === documentId);
}

function isSame(one: SessionDocument, other: SessionDocument): boolean {
  return one.name === other.name && one.role === other.role && one.content === other.content;
}

function mergeDocuments(
  base: SessionDocument,
  mine: SessionDocument,
  theirs: SessionDocument,
  conflicts: SessionConflict[],
): SessionDocument {
  const { text, conflicts: lines } = mergeText(base.content, mine.content, theirs.content);
  const name = mine.name === base.name ? theirs.name : mine.name;
  for (const line of lines) conflicts.push({ kind: 'lines', documentName: name, line });
  return { ...mine, name, role: mine.role === base.role ? theirs.role : mine.role, content: text };
}
