import { randomUUID } from 'node:crypto';
import type { EdgePackageRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { readMultipart } from '../../content/multipart.js';
import { type Ask, alreadyThere, type Call, done, iso, made, Refusal } from './ask.js';
import { BUNDLED } from './catalogue.js';
import type { FileStore, Kept } from './file-store.js';
import { rowOf } from './pages.js';
import { readWheel } from './wheel.js';

export interface PackageParts {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly files: FileStore;
  readonly clock: Clock;
}

export const MAX_WHEEL_BYTES = 50 * 1_048_576;
const NOT_WHEEL = 'File must be a .whl Python wheel package.';

const shown = (row: EdgePackageRow) => ({
  public_id: row.publicId,
  package_name: row.name,
  version: row.version,
  source: row.source,
  plugin_ids: row.pluginIds,
  file_size_bytes: row.sizeBytes,
  installed_on: iso(row.installedAtUnixMs),
  removable: row.source === 'uploaded',
});

/** Packages with plugins for controllers. They are kept and shown; nothing of them runs here. */
export function packageCalls(parts: PackageParts): readonly Call[] {
  const { edgePackages } = parts.store.automation;
  const startedAtUnixMs = parts.clock.nowMs();
  const bundled = BUNDLED.map(({ id, version }) => ({
    public_id: `bundled-${id}`,
    package_name: `webmacs-plugin-${id}`,
    version,
    source: 'bundled',
    plugin_ids: [id],
    file_size_bytes: null,
    installed_on: iso(startedAtUnixMs),
    removable: false,
  }));
  return [
    {
      method: 'GET',
      path: '/plugins/packages',
      role: 'viewer',
      run: async () => [...bundled, ...(await edgePackages.find()).map(shown)],
    },
    {
      method: 'POST',
      path: '/plugins/packages/upload',
      role: 'admin',
      maxBodyBytes: MAX_WHEEL_BYTES + 65_536,
      run: (ask) => upload(parts, ask),
    },
    {
      method: 'DELETE',
      path: '/plugins/packages/{id}',
      role: 'admin',
      run: async ({ params }) => {
        const id = params['id'] ?? '';
        if (bundled.some((one) => one.public_id === id)) {
          throw new Refusal(409, 'Bundled packages cannot be removed.');
        }
        const row = await rowOf(edgePackages, id, 'Plugin package');
        if (row.file !== null) await parts.files.remove(row.file);
        await edgePackages.remove(row.id);
        return done('Plugin package successfully deleted.');
      },
    },
  ];
}

async function upload({ store, files, clock }: PackageParts, ask: Ask): Promise<unknown> {
  const { edgePackages } = store.automation;
  const publicId = randomUUID();
  const file = `${publicId}.whl`;
  let kept: Kept | undefined;
  try {
    await readMultipart(ask.stream, ask.header('content-type'), async ({ filename }, bytes) => {
      if (!filename.endsWith('.whl')) throw new Refusal(400, NOT_WHEEL);
      kept = await files.keep(file, bytes, MAX_WHEEL_BYTES);
    }).catch((thrown: unknown) => {
      const cause = thrown instanceof EngineError ? thrown.cause : thrown;
      if (cause instanceof Refusal) throw cause;
      if (EngineError.from(thrown).code === 'input.too-large') {
        throw new Refusal(413, 'Package exceeds maximum allowed size (50 MB).');
      }
      throw thrown;
    });
    if (kept === undefined) throw new Refusal(400, NOT_WHEEL);
    const wheel = await readWheel(kept.path);
    const known = await edgePackages.count({
      where: [{ field: 'name', op: '=', value: wheel.name }],
    });
    if (known > 0) throw alreadyThere(`Plugin package '${wheel.name}'`);
    const { sizeBytes } = kept;
    await edgePackages.create({
      ...wheel,
      publicId,
      source: 'uploaded',
      file,
      sizeBytes,
      installedAtUnixMs: clock.nowMs(),
    });
    const size = sizeBytes.toLocaleString('en-US');
    return made(`Plugin package '${wheel.name}' v${wheel.version} installed (${size} bytes).`, {
      public_id: publicId,
    });
  } catch (thrown) {
    await files.remove(file);
    throw thrown;
  }
}
