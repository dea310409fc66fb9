/**
 * The page's policy requires Trusted Types (https://www.w3.org/TR/trusted-types/): the browser refuses strings as HTML
 * or code. This default policy is the one exception: URLs of workers and the service worker from this origin.
 */
interface TrustedTypes {
  createPolicy(name: string, rules: { readonly createScriptURL: (url: string) => string }): unknown;
}

const factory: TrustedTypes | undefined = (globalThis as { readonly trustedTypes?: TrustedTypes })
  .trustedTypes;

factory?.createPolicy('default', {
  createScriptURL(url) {
    if (new URL(url, document.baseURI).origin === location.origin) return url;
    throw new TypeError(`script from another origin refused: ${url}`);
  },
});
