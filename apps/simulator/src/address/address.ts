/** The addresses of the page's views, as the fragment of its URL: the page works in any folder of a static host. */

/** Views of the stored data, in the order of their tabs. */
export const VIEWS = ['overview', 'receipts', 'memory', 'audit', 'sql', 'database'] as const;

/** One of {@link VIEWS}. */
export type View = (typeof VIEWS)[number];

/** Filters of rows. Each view takes those that its table has a column for. */
export const FILTER_NAMES = [
  'agent',
  'status',
  'type',
  'execution',
  'operation',
  'since',
  'until',
  'text',
] as const;

/** One of {@link FILTER_NAMES}. */
export type FilterName = (typeof FILTER_NAMES)[number];

/** The filters that are given, as the user wrote them. */
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

/** What the page shows. */
export interface Address {
  readonly view: View;
  /** Id of the open record: of a receipt, an agent or an audit entry. */
  readonly record?: string | undefined;
  /** The receipt, or the version of a memory, that the open one is compared with. */
  readonly compare?: string | undefined;
  /** The version of the open memory. @default the current one */
  readonly version?: string | undefined;
  readonly filters: Filters;
  /** Order of the rows. @default newest first */
  readonly order?: string | undefined;
  /** The query in SQL whose rows are shown. */
  readonly sql?: string | undefined;
  /** Its largest number of rows. */
  readonly limit?: string | undefined;
  /** Its time limit in seconds. */
  readonly timeout?: string | undefined;
  /** How its rows are shown. @default as a table */
  readonly show?: string | undefined;
  /** Id of the session beside the data. */
  readonly session?: string | undefined;
}

/** The view without filters. */
export function viewAddress(view: View): Address {
  return { view, filters: {} };
}

/** Reads an address. What is unknown in it is left out, so that every fragment has a view. */
export function addressOf(hash: string): Address {
  const [path, search] = splitOnce(hash.replace(/^#\/?/, ''), '?');
  const [view = '', record] = path.split('/', 2).map(decoded);
  const parameters = new URLSearchParams(search);
  const given = (name: string): string | undefined => parameters.get(name) || undefined;
  const filters: Partial<Record<FilterName, string>> = {};
  for (const name of FILTER_NAMES) {
    const value = given(name);
    if (value !== undefined) filters[name] = value;
  }
  return {
    view: isView(view) ? view : VIEWS[0],
    record: isView(view) && record !== '' ? record : undefined,
    compare: given('compare'),
    version: given('version'),
    filters,
    order: given('order'),
    sql: given('sql'),
    limit: given('limit'),
    timeout: given('timeout'),
    show: given('show'),
    session: given('session'),
  };
}

/** Writes an address, with the session last. */
export function hashOf(address: Address): string {
  const { view, record, compare, version, filters, order, sql, limit, timeout, show, session } = address;
  const parameters = new URLSearchParams();
  const given = [
    ...FILTER_NAMES.map((name) => [name, filters[name]] as const),
    ['order', order],
    ['version', version],
    ['compare', compare],
    ['sql', sql],
    ['limit', limit],
    ['timeout', timeout],
    ['show', show],
    ['session', session],
  ] as const;
  for (const [name, value] of given) if (value !== undefined && value !== '') parameters.set(name, value);
  const path = record === undefined ? view : `${view}/${encodeURIComponent(record)}`;
  return parameters.size === 0 ? `#/${path}` : `#/${path}?${parameters}`;
}

function isView(name: string): name is View {
  return (VIEWS as readonly string[]).includes(name);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Decodes a part of a path. A part that was cut off in the middle of a character stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
