/**
 * The page's policy requires Trusted Types (https://www.w3.org/TR/trusted-types/): text that is given to the document as
 * HTML or as code is refused. This is the one exception, for workers and the service worker: scripts of this origin.
 */
interface TrustedTypes {
  createPolicy(name: string, rules: { readonly createScriptURL: (url: string) => string }): unknown;
}

const factory: TrustedTypes | undefined = (globalThis as { readonly trustedTypes?: TrustedTypes })
  .trustedTypes;

factory?.createPolicy('default', {
  createScriptURL(url) {
    if (new URL(url, document.baseURI).origin === location.origin) return url;
    throw new TypeError(`no script from ${url}: it is of another origin`);
  },
});
