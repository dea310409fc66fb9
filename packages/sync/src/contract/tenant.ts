/** The tenant of databases whose token names none. */
export const DEFAULT_TENANT = 'default';

/** True for a name that a tenant can have: 1 to 64 letters, digits, `_`, `.` and `-`. */
export function isTenant(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name);
}
