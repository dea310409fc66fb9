/** Texts of users in a hub: PostgreSQL stores no zero character, so what JSON escapes is escaped. */
export function toStoredText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Reads what {@link toStoredText} wrote. */
export function fromStoredText(stored: string): string {
  return JSON.parse(`"${stored}"`) as string;
}
