export { opfsStorage } from './storages/opfs/opfs.browser.ts';
