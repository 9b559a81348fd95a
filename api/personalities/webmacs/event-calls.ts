import { z } from 'zod';
import type { SignalRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import { EngineError } from '../../../engine/errors.js';
import { alreadyThere, body, type Call, done, made, unprocessable } from './ask.js';
import type { Binding } from './binding.js';
import { listed, rowOf } from './pages.js';
import type { SignalBook } from './signal-book.js';

export interface EventParts {
  readonly store: Pick<SiteStore, 'automation' | 'devices'>;
  readonly binding: Binding;
  readonly book: SignalBook;
}

const TYPES = ['sensor', 'actuator', 'range', 'cmd_button', 'cmd_opened', 'cmd_closed'] as const;
const number = z.number().min(-1e300).max(1e300);
const event = z.object({
  name: z.string().trim().min(1).max(255),
  min_value: number,
  max_value: number,
  unit: z.string().max(255),
  type: z.enum(TYPES),
});

export const shownEvent = (row: SignalRow) => ({
  public_id: row.publicId,
  name: row.name,
  min_value: row.minimum,
  max_value: row.maximum,
  unit: row.unit,
  type: row.type,
  user_public_id: row.ownerId,
});

/** Measuring points and actuators. */
export function eventCalls({ store, binding, book }: EventParts): readonly Call[] {
  const { signals } = store.automation;
  return [
    {
      method: 'GET',
      path: '/events',
      role: 'viewer',
      run: (ask) => listed(ask, signals, shownEvent),
    },
    {
      method: 'POST',
      path: '/events',
      role: 'operator',
      run: async (ask) => {
        const given = await body(ask, event);
        requireRange(given.min_value, given.max_value);
        const { name, unit, type, min_value: minimum, max_value: maximum } = given;
        const wanted = [{ name, unit, type, minimum, maximum }];
        const [row] = await binding.make('events', 'WebMACS events', wanted, ask.who.userId);
        return made('Event successfully created.', { public_id: row?.publicId });
      },
    },
    {
      method: 'GET',
      path: '/events/{id}',
      role: 'viewer',
      run: async ({ params }) => shownEvent(await rowOf(signals, params['id'] ?? '', 'Event')),
    },
    {
      method: 'PUT',
      path: '/events/{id}',
      role: 'operator',
      run: async (ask) => {
        const row = await rowOf(signals, ask.params['id'] ?? '', 'Event');
        const given = await body(ask, event.partial());
        requireRange(given.min_value ?? row.minimum, given.max_value ?? row.maximum);
        const values = {
          name: given.name ?? row.name,
          minimum: given.min_value ?? row.minimum,
          maximum: given.max_value ?? row.maximum,
          unit: given.unit ?? row.unit,
          type: given.type ?? row.type,
        };
        await signals.update(row.id, values).catch((thrown: unknown) => {
          if (EngineError.from(thrown).code === 'conflict') throw alreadyThere('Event');
          throw thrown;
        });
        const signal = book.get(row.id);
        const channel = signal === undefined ? undefined : book.channelOf(signal);
        if (values.unit !== row.unit && channel !== undefined) {
          await store.devices.setUnits([[channel, values.unit]]);
        }
        return done('Event successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/events/{id}',
      role: 'operator',
      run: async ({ params }) => {
        const row = await rowOf(signals, params['id'] ?? '', 'Event');
        await withRules(store, row);
        await signals.remove(row.id);
        return done('Event successfully deleted.');
      },
    },
  ];
}

function requireRange(minimum: number, maximum: number): void {
  if (minimum <= maximum) return;
  const why = `Value error, max_value must be at least min_value (${minimum})`;
  throw unprocessable(['body', 'max_value'], why, 'value_error', maximum);
}

/** Rules of this API go with the event that they watch. */
async function withRules({ automation }: EventParts['store'], row: SignalRow): Promise<void> {
  const rules = await automation.rules.find({
    where: [{ field: 'origin', op: '=', value: 'webmacs' }],
  });
  const channel = `${row.deviceId}/${row.parameter}`;
  for (const { id, condition } of rules) {
    if ('channel' in condition && condition.channel === channel) await automation.rules.remove(id);
  }
}
