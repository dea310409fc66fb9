/**
 * Returns the part of a name after the last slash or backslash that is not at its end. Half of a surrogate pair, which
 * Windows allows in a name, becomes U+FFFD: receipts and IRIs refuse it.
 */
export function baseNameOf(name: string): string {
  const path = name.replace(/[/\\]+$/, '');
  const last = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return (last || name).toWellFormed();
}
