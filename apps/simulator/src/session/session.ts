import type { MemoryRow } from '@ggen-sim/core';
import { parsedJson } from '../components/parsed-json.ts';
import { mergeText } from './merge-text.ts';

/**
 * Role of a document in a run, by the agent's parameter: the data to validate, the shapes to validate it against, what they may
 * import by `owl:imports`, or a query that the data must not fulfil.
 */
export type DocumentRole = 'spec' | 'shapes' | 'import' | 'gates';

/** What people call the roles. */
export const ROLE_NAMES: Readonly<Record<DocumentRole, string>> = {
  spec: 'ontology',
  shapes: 'shapes',
  import: 'import',
  gates: 'gate',
};

/** A document of a session. */
export interface SessionDocument {
  readonly id: string;
  /** File name, whose extension gives the format. Unique within the session. */
  readonly name: string;
  readonly role: DocumentRole;
  readonly content: string;
}

/** A document before it is added to a session. */
export type NewDocument = Omit<SessionDocument, 'id'>;

/** The unit of work: documents, the agent that validates them, and the latest receipt. */
export interface Session {
  readonly id: string;
  /** ISO 8601 with Z. */
  readonly startedAt: string;
  /** What the user calls it. @default the name of its first document */
  readonly name?: string | undefined;
  /** True when the user deleted it: then it is in no list, and its documents are in the history of its memory. */
  readonly isDeleted?: boolean | undefined;
  /** Id of the agent that runs. */
  readonly agentId: string;
  readonly documents: readonly SessionDocument[];
  /** Receipt of the latest run. */
  readonly lastReceiptId: string | null;
}

/** Agent type of stored sessions. A session is the memory of an agent with the session's id, so it needs no table. */
export const SESSION_AGENT_TYPE = 'session';

/** Pattern of the agent ids of stored sessions. */
export const SESSION_PATTERN = 'session-*';

const FORMAT = 'ggen-sim-session';

/** Converts a session to the stored memory. */
export function toMemory(session: Session): Record<string, unknown> {
  return { kind: FORMAT, version: 1, ...session };
}

/** Converts stored memory to a session; returns `undefined` when the memory is not a session. */
export function fromMemory({ agentType, memoryJson }: MemoryRow): Session | undefined {
  if (agentType !== SESSION_AGENT_TYPE) return undefined;
  const stored = parsedJson(memoryJson) as
    | (Partial<Session> & { kind?: unknown; version?: unknown })
    | null
    | undefined;
  const known = stored?.kind === FORMAT && stored.version === 1 && Array.isArray(stored.documents);
  if (!known || typeof stored.id !== 'string') return undefined;
  const { id, startedAt = '', agentId = 'validator-1', documents, lastReceiptId = null } = stored;
  return {
    id,
    startedAt,
    ...(typeof stored.name === 'string' && stored.name !== '' ? { name: stored.name } : {}),
    ...(stored.isDeleted === true ? { isDeleted: true } : {}),
    agentId,
    documents: documents as SessionDocument[],
    lastReceiptId,
  };
}

/** Returns what a session is called: its own name, or that of its first document. */
export function titleOf({ name, documents }: Session): string {
  return name ?? documents[0]?.name ?? 'no documents';
}

/** Creates a session. Its id contains the time, so ids sort by time. */
export function newSession(documents: readonly NewDocument[]): Session {
  const startedAt = new Date().toISOString();
  const stamp = startedAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const session = {
    id: `session-${stamp}-${crypto.randomUUID().slice(0, 4)}`,
    startedAt,
    agentId: 'validator-1',
    documents: [],
    lastReceiptId: null,
  };
  return withDocuments(session, documents);
}

/** Returns the session with more documents, each under an unused name. */
export function withDocuments(session: Session, added: readonly NewDocument[]): Session {
  const documents = [...session.documents];
  for (const document of added) {
    const taken = new Set(documents.map(({ name }) => name));
    documents.push({ ...document, id: crypto.randomUUID(), name: unusedName(document.name, taken) });
  }
  return { ...session, documents };
}

/** Returns the name, with a number if it is taken. */
export function unusedName(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let candidate = name;
  for (let number = 2; taken.has(candidate); number += 1) candidate = `${stem}-${number}${extension}`;
  return candidate;
}

/** Returns the session with one document changed. */
export function withDocument(session: Session, documentId: string, change: Partial<NewDocument>): Session {
  return {
    ...session,
    documents: session.documents.map((document) =>
      document.id === documentId ? { ...document, ...change } : document,
    ),
  };
}

/**
 * Returns the session with an edit of a document's content.
 *
 * @param before - the content that was edited. Another tab's edit may have been merged into the session since.
 */
export function withContent(session: Session, documentId: string, before: string, after: string): Session {
  const content = session.documents.find(({ id }) => id === documentId)?.content;
  if (content === undefined) return session;
  return withDocument(session, documentId, { content: mergeText(before, after, content).text });
}

/** Returns the session without a document. */
export function withoutDocument(session: Session, documentId: string): Session {
  return { ...session, documents: session.documents.filter(({ id }) => id !== documentId) };
}

/** Recognizes shapes by the file name, otherwise by the content. */
export function guessRole(name: string, content: string): DocumentRole {
  if (/\.rq$/i.test(name)) return 'gates';
  if (/\bshapes?\b/i.test(name.replaceAll(/[_-]/g, ' '))) return 'shapes';
  const hasShapes = /\bsh:(?:Node|Property)Shape\b|ns\/shacl#(?:Node|Property)Shape/.test(content);
  const hasOtherTypes = /\ba\s+(?!sh:|owl:Ontology)[\w-]*:\w/.test(content);
  return hasShapes && !hasOtherTypes ? 'shapes' : 'spec';
}
