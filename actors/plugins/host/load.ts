import { z } from 'zod';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { PluginDescription } from '../protocol.js';
import { pluginError } from '../sdk/errors.js';
import * as normalise from '../sdk/normalise.js';
import { plainText } from '../sdk/plain.js';
import { type Plugin, type PluginKit, SDK_VERSION } from '../sdk/plugin.types.js';
import { configSchema, type JsonObject, secretFields, unkeptSecrets } from '../sdk/schema.js';
import { within } from './within.js';

export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly description: PluginDescription;
}

const LOAD_DEADLINE_MS = 10_000;

// The blanks that control characters become may leave nothing.
const text = (max: number) =>
  z
    .string()
    .max(max)
    .overwrite((told) => plainText(told, max))
    .min(1);

const manifestSchema = z.object({
  code: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/, 'lower-case letters, digits and hyphens, 2 to 32'),
  name: text(80),
  version: z.string().regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/, 'a semantic version such as 1.0.0'),
  description: text(500),
  vendor: text(80),
  roles: z
    .array(z.enum(['receiver', 'transmitter', 'transceiver', 'charger', 'sensor', 'controller']))
    .min(1),
  reach: z.enum(['server', 'devices', 'none']),
  defaultPort: z.int().min(1).max(65_535).optional(),
  discovers: z.array(z.enum(['server', 'multicast', 'scan'])),
});

/**
 * Imports a plugin and looks at what it says of itself. Nothing of it runs but the module and, where it exports a
 * function, that function.
 * @throws EngineError `input.invalid` naming what is wrong; `link.deadline` when the import does not end
 */
export async function loadPlugin(moduleUrl: string, clock: Clock): Promise<LoadedPlugin> {
  const module = await within(
    clock,
    LOAD_DEADLINE_MS,
    importOf(moduleUrl),
    () =>
      new EngineError(
        'link.deadline',
        `the plugin's module did not finish loading within ${LOAD_DEADLINE_MS} ms: await nothing at its top level`,
      ),
  );
  const plugin = await madeOf(module, clock);
  const { manifest } = plugin;
  if (!isObject(manifest)) throw invalid('it has no manifest');
  if (manifest.sdk !== SDK_VERSION) {
    throw invalid(
      `it is made for SDK ${String(manifest.sdk)}, this engine has SDK ${SDK_VERSION}: take a version of it for SDK ${SDK_VERSION}`,
    );
  }
  const checked = manifestSchema.safeParse(manifest);
  if (!checked.success) {
    const problems = checked.error.issues.map(
      (issue) => `manifest.${issue.path.map(String).join('.')}: ${issue.message}`,
    );
    throw invalid(problems.join('; '));
  }
  if (typeof plugin.open !== 'function') throw invalid('it has no function "open"');
  const { defaultPort, ...rest } = checked.data;
  const configurationSchema = configSchema(plugin.configuration, 'configuration');
  const deviceConfigurationSchema =
    plugin.deviceConfiguration === undefined
      ? undefined
      : configSchema(plugin.deviceConfiguration, 'deviceConfiguration');
  mustKeepSecrets(configurationSchema, deviceConfigurationSchema);
  return {
    plugin,
    description: {
      manifest: {
        ...rest,
        sdk: SDK_VERSION,
        ...(defaultPort === undefined ? {} : { defaultPort }),
      },
      configurationSchema,
      deviceConfigurationSchema,
    },
  };
}

/** A secret that would be stored and shown in clear makes the plugin unusable. */
function mustKeepSecrets(configuration: JsonObject, ofDevice: JsonObject | undefined): void {
  const places = [
    ...unkeptSecrets(configuration).map((path) => `configuration.${path}`),
    ...[...secretFields(ofDevice ?? {}), ...unkeptSecrets(ofDevice ?? {})].map(
      (path) => `deviceConfiguration.${path}`,
    ),
  ];
  if (places.length === 0) return;
  throw invalid(
    `${[...new Set(places)].join(', ')}: a secret here would be kept in clear; make it a field of the object "configuration" or of an object in it, outside of arrays, records and unions, with .meta({ secret: true }) last`,
  );
}

async function importOf(moduleUrl: string): Promise<unknown> {
  try {
    return (await import(moduleUrl)) as unknown;
  } catch (thrown) {
    const error = pluginError(thrown);
    throw new EngineError('input.invalid', `the plugin cannot be loaded: ${error.message}`, {
      cause: thrown,
    });
  }
}

async function madeOf(module: unknown, clock: Clock): Promise<Plugin> {
  const exported = isObject(module) ? module['plugin'] : undefined;
  if (exported === undefined) {
    throw invalid('its module exports nothing named "plugin": add `export const plugin = {…}`');
  }
  let made: unknown = exported;
  if (typeof exported === 'function') {
    const make = exported as (kit: PluginKit) => unknown;
    try {
      made = await within(clock, LOAD_DEADLINE_MS, run(make), () =>
        invalid(`its function "plugin" did not answer within ${LOAD_DEADLINE_MS} ms`),
      );
    } catch (thrown) {
      throw invalid(`its function "plugin" threw: ${pluginError(thrown).message}`);
    }
  }
  if (!isObject(made)) throw invalid('its export "plugin" is not an object');
  return made as unknown as Plugin;
}

async function run(make: (kit: PluginKit) => unknown): Promise<unknown> {
  return await make({ z, EngineError, normalise });
}

function invalid(reason: string): EngineError {
  return new EngineError('input.invalid', `the plugin cannot be used: ${reason}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
