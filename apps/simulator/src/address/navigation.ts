import { useSyncExternalStore } from 'react';
import { addressOf, hashOf, viewAddress, type Address, type FilterName, type View } from './address.ts';

/** What an entry of the browser's history remembers beside its address. */
interface EntryState {
  /** True when the entry before it shows the list from which the record was opened. */
  readonly opened?: boolean;
  /** The filter that is being typed: further letters change this entry instead of adding one. */
  readonly typing?: FilterName;
}

const listeners = new Set<() => void>();
/** The latest address of each view, to which its tab returns. */
const latest = new Map<View, Address>();
let read = '';
let current: Address = addressOf('');

/** Returns the current address; the same object until it changes. */
export function currentAddress(): Address {
  const { hash } = location;
  if (hash !== read) {
    read = hash;
    current = addressOf(hash);
    latest.set(current.view, current);
  }
  return current;
}

/** Calls the listener after each change of the address. @returns a function that ends it */
export function subscribeToAddress(listener: () => void): () => void {
  // The browser reports Back, Forward, links and typed addresses; `navigate` reports its own.
  if (listeners.size === 0) window.addEventListener('popstate', notify);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener('popstate', notify);
  };
}

/** Returns the current address and renders the component again when it changes. */
export function useAddress(): Address {
  return useSyncExternalStore(subscribeToAddress, currentAddress);
}

/** Goes to an address. @param how - `replace` leaves no entry to go back to */
export function navigate(address: Address, how: 'push' | 'replace' = 'push', state: EntryState = {}): void {
  const hash = hashOf({ ...address, session: address.session ?? currentAddress().session });
  if (hash === location.hash) return;
  if (how === 'push') history.pushState(state, '', hash);
  else history.replaceState(state, '', hash);
  notify();
}

/** Goes to a view, as it was left. */
export function openView(view: View): void {
  const { session } = currentAddress();
  navigate({ ...(latest.get(view) ?? viewAddress(view)), record: undefined, compare: undefined, session });
}

/** Opens a record of the current list. Within an open record it takes its place, so that Back leads to the list. */
export function openRecord(record: string): void {
  const address = currentAddress();
  const next = { ...address, record, compare: undefined, version: undefined };
  if (address.record === undefined) navigate(next, 'push', { opened: true });
  else navigate(next, 'replace', entryState());
}

/** Opens a receipt from any view. */
export function openReceipt(receiptId: string): void {
  const address = currentAddress();
  if (address.view === 'receipts') openRecord(receiptId);
  else navigate({ ...viewAddress('receipts'), record: receiptId });
}

/** Closes the open record. */
export function closeRecord(): void {
  if (entryState().opened === true) history.back();
  else {
    navigate({ ...currentAddress(), record: undefined, compare: undefined, version: undefined }, 'replace');
  }
}

/** Sets a filter of the current list. @param typing - true while the user types: one entry for all letters */
export function setFilter(name: FilterName, value: string, typing: boolean = false): void {
  const { filters, ...address } = currentAddress();
  const changed: Partial<Record<FilterName, string>> = { ...filters, [name]: value };
  if (value === '') delete changed[name];
  const replaces = typing && entryState().typing === name;
  navigate({ ...address, filters: changed }, replaces ? 'replace' : 'push', typing ? { typing: name } : {});
}

/** Returns the address of a link, in the current session. */
export function linkTo(address: Address): string {
  return hashOf({ ...address, session: currentAddress().session });
}

function entryState(): EntryState {
  return (history.state as EntryState | null) ?? {};
}

function notify(): void {
  currentAddress();
  for (const listener of listeners) listener();
}
