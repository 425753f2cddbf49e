// The settings that a function has where its environment says nothing but where Vault is.

import { type Settings, readSettings } from '../lambdas/runtime/settings.ts';

/** Those, in UTC, with changes. */
export function defaultSettings(changes: Partial<Settings> = {}): Settings {
  return { ...readSettings({ VAULT_ADDR: 'https://vault.example' }), timeZone: 'UTC', ...changes };
}
