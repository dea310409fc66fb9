import { HttpError } from './http-error.ts';

/** Path and query of a request. */
export interface RequestTarget {
  /** Decoded segments of the path, without `.`, `..`, empty ones, slashes, backslashes and NUL. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * Reads the target of a request (RFC 9112, section 3.2.1). Nothing is normalised: a path that another program could read as
 * a different one is refused, so that no route has to think of it.
 * @throws {HttpError} 400
 */
export function parseTarget(target: string): RequestTarget {
  const [, path, query = ''] = /^\/([^?#]*)(?:\?([^#]*))?$/.exec(target) ?? [];
  if (path === undefined) throw badPath();
  // `/app/` is `/app`; only a browser makes a difference.
  const trimmed = path.replace(/\/$/, '');
  const segments = trimmed === '' ? [] : trimmed.split('/').map(decodeSegment);
  return { segments, query: new URLSearchParams(query) };
}

function decodeSegment(encoded: string): string {
  let segment: string;
  try {
    segment = decodeURIComponent(encoded);
  } catch {
    throw badPath();
  }
  if (segment === '' || segment === '.' || segment === '..' || /[/\\\0]/.test(segment)) throw badPath();
  return segment;
}

function badPath(): HttpError {
  return new HttpError(400, 'INVALID_PATH', 'The path of the request is not one of a resource here');
}
