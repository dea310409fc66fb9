/** The page as `ggen-sim studio` serves it: over a database file of this computer, which the server opens. */

/** True in the build that `ggen-sim studio` serves. */
export const IS_STUDIO: boolean = import.meta.env.MODE === 'studio';

/** Name of the token in this tab's storage, so that a reload needs no other address. */
const STORED_TOKEN = 'ggen-sim-studio-token';

const FRAGMENT = /^#token=(.+)$/;

/**
 * Takes the token out of the URL, where the history, a bookmark or a copied address would keep it. Must run before anything
 * reads the fragment.
 */
function takeToken(): string | undefined {
  const [, encoded] = FRAGMENT.exec(location.hash) ?? [];
  if (encoded === undefined) return sessionStorage.getItem(STORED_TOKEN) ?? undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    const token = decodeURIComponent(encoded);
    sessionStorage.setItem(STORED_TOKEN, token);
    return token;
  } catch {
    return undefined;
  }
}

/** The token of the server; undefined when the page was opened without. */
export const studioToken: string | undefined = IS_STUDIO ? takeToken() : undefined;

/** The address at which the server answers calls. */
export function studioUrl(): string {
  return new URL('rpc', document.baseURI).href;
}
