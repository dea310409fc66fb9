/** The hooks in the settings file of Claude Code. */
export { installHooks, installedHooks, removeHooks, HOOK_EVENTS } from './settings/settings-text.ts';
export { changeSettingsFile, type SettingsChange } from './settings/settings-file.ts';
