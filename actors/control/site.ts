import { type ControlOptions, openControl } from '../../engine/control/control.js';
import { openAutomation } from '../automation/store.js';
import type { AutomationStore } from '../automation/store.types.js';
import { openContent } from '../content/store.js';
import type { ContentStore } from '../content/store.types.js';
import { openInventory } from '../inventory/store.js';
import type { InventoryStore } from '../inventory/store.types.js';
import { AuthSessions } from './auth-sessions.js';
import { Commands } from './commands.js';
import { type DeviceCaps, Devices } from './devices.js';
import { MediaFiles } from './media-files.js';
import { MIGRATIONS } from './migrations.js';
import { Sessions } from './sessions.js';
import { Settings } from './settings.js';
import { ActorSnapshots } from './snapshots.js';
import type { SiteControl, SiteTables } from './tables.js';
import { Tokens } from './tokens.js';
import { Uploads } from './uploads.js';
import { Users } from './users.js';

/** The control store with a repository for each domain. */
export interface SiteStore {
  readonly control: SiteControl;
  readonly users: Users;
  readonly authSessions: AuthSessions;
  readonly tokens: Tokens;
  readonly devices: Devices;
  readonly snapshots: ActorSnapshots;
  readonly media: MediaFiles;
  readonly uploads: Uploads;
  readonly sessions: Sessions;
  readonly commands: Commands;
  readonly settings: Settings;
  /** Projects, sounds, tags, visitors: what a sounding site is made of. */
  readonly content: ContentStore;
  /** Devices of plugins, what is received on them and who carries it. */
  readonly inventory: InventoryStore;
  /** What decides, tells and records: rules, alarms, notifications, experiments, dashboards. */
  readonly automation: AutomationStore;
  /** Closes the store; idempotent. */
  close(): Promise<void>;
}

/** Opens the store, schema up to date. The caller closes it. @throws as `openControl`. */
export async function openSiteStore(
  options: Omit<ControlOptions, 'migrations'> & { readonly deviceCaps?: DeviceCaps },
): Promise<SiteStore> {
  const control = await openControl<SiteTables>({ ...options, migrations: MIGRATIONS });
  return {
    control,
    users: new Users(control),
    authSessions: new AuthSessions(control),
    tokens: new Tokens(control),
    devices: new Devices(control, options.deviceCaps),
    snapshots: new ActorSnapshots(control),
    media: new MediaFiles(control),
    uploads: new Uploads(control),
    sessions: new Sessions(control),
    commands: new Commands(control),
    settings: new Settings(control),
    content: openContent(control),
    inventory: openInventory(control),
    automation: openAutomation(control),
    close: () => control.close(),
  };
}
