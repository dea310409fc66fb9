import type { MemoryRow } from '@ggen-sim/core';

/** What a document is to the agent: the data to validate, or what to validate it with. */
export type DocumentRole = 'spec' | 'shapes';

/** A document of a session. */
export interface SessionDocument {
  readonly id: string;
  /** With the extension that tells its format. Unique within the session. */
  readonly name: string;
  readonly role: DocumentRole;
  readonly content: string;
}

/** A document that is on its way into a session. */
export type NewDocument = Omit<SessionDocument, 'id'>;

/** What a person works on: documents, the agent they run, what came out last. */
export interface Session {
  readonly id: string;
  /** ISO 8601 with Z. */
  readonly startedAt: string;
  /** The agent that runs in it. */
  readonly agentId: string;
  readonly documents: readonly SessionDocument[];
  /** Receipt of its latest run. */
  readonly lastReceiptId: string | null;
}

/** The agent type a session is kept under: it is the memory of an agent named after it, so it needs no table. */
export const SESSION_AGENT_TYPE = 'session';

/** Pattern of the agent ids sessions are kept under. */
export const SESSION_PATTERN = 'session-*';

const FORMAT = 'ggen-sim-session';

/** The session as its memory holds it. */
export function toMemory(session: Session): Record<string, unknown> {
  return { kind: FORMAT, version: 1, ...session };
}

/** Reads a stored session; `undefined` for memory that is something else. */
export function fromMemory({ agentType, memoryJson }: MemoryRow): Session | undefined {
  if (agentType !== SESSION_AGENT_TYPE) return undefined;
  const stored = JSON.parse(memoryJson) as Partial<Session> & { kind?: unknown; version?: unknown };
  const known = stored.kind === FORMAT && stored.version === 1 && Array.isArray(stored.documents);
  if (!known || typeof stored.id !== 'string') return undefined;
  const { id, startedAt = '', agentId = 'validator-1', documents, lastReceiptId = null } = stored;
  return { id, startedAt, agentId, documents: documents as SessionDocument[], lastReceiptId };
}

/** A new session. Ids sort by time, and say when. */
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

/** The session with more documents, each under a name that is free. */
export function withDocuments(session: Session, added: readonly NewDocument[]): Session {
  const documents = [...session.documents];
  for (const document of added) {
    const taken = new Set(documents.map(({ name }) => name));
    documents.push({ ...document, id: crypto.randomUUID(), name: freeName(document.name, taken) });
  }
  return { ...session, documents };
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let candidate = name;
  for (let number = 2; taken.has(candidate); number += 1) candidate = `${stem}-${number}${extension}`;
  return candidate;
}

/** The session with one document changed. */
export function withDocument(session: Session, documentId: string, change: Partial<NewDocument>): Session {
  return {
    ...session,
    documents: session.documents.map((document) =>
      document.id === documentId ? { ...document, ...change } : document,
    ),
  };
}

/** The session without a document. */
export function withoutDocument(session: Session, documentId: string): Session {
  return { ...session, documents: session.documents.filter(({ id }) => id !== documentId) };
}

/** Shapes by their name or, failing that, by what is in them. */
export function guessRole(name: string, content: string): DocumentRole {
  if (/\bshapes?\b/i.test(name.replaceAll(/[_-]/g, ' '))) return 'shapes';
  const hasShapes = /\bsh:(?:Node|Property)Shape\b|ns\/shacl#(?:Node|Property)Shape/.test(content);
  const hasOtherTypes = /\ba\s+(?!sh:|owl:Ontology)[\w-]*:\w/.test(content);
  return hasShapes && !hasOtherTypes ? 'shapes' : 'spec';
}
