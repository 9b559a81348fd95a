import type { DeviceIdentity } from '../sdk/plugin.types.js';
import type { Family } from './families.js';
import type { Frame } from './frame.js';

const HEX = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

/** What a device has said of itself so far. */
export class IdentityFacts {
  model: string | undefined;
  name: string | undefined;
  firmware: string | undefined;
  serial: string | undefined;
  mac: string | undefined;

  /** Takes a report without a channel. True: something of the identity is new. */
  take(frame: Frame): boolean {
    switch (frame.key) {
      case 'MODEL':
        return this.#set('model', frame.text());
      case 'DEVICE_ID':
      case 'DEVICE_NAME':
        return this.#set('name', frame.text());
      case 'FW_VER':
        // An asterisk says that the self test failed; it is no part of the version.
        return this.#set('firmware', frame.text().replaceAll('*', '').trim());
      case 'SERIAL_NUM':
        return this.#set('serial', frame.text());
      case 'CONTROL_MAC_ADDR':
      case 'NET_SETTINGS':
        return this.#mac(frame);
      default:
        return false;
    }
  }

  #mac(frame: Frame): boolean {
    // `NET_SETTINGS SC …`: of the control port; a device's audio ports have addresses of their own.
    if (frame.key === 'NET_SETTINGS' && frame.word(0) !== 'SC') return false;
    for (let i = 0; i < frame.count; i++) {
      const word = frame.word(i);
      if (HEX.test(word)) return this.#set('mac', word.toLowerCase().replaceAll('-', ':'));
    }
    return false;
  }

  #set(field: 'model' | 'name' | 'firmware' | 'serial' | 'mac', text: string): boolean {
    if (text === '' || this[field] === text) return false;
    this[field] = text;
    return true;
  }
}

/** As a host wants it: what was told, and the parts. */
export function identityOf(family: Family, parts: number, facts: IdentityFacts): DeviceIdentity {
  return {
    role: family.role,
    ...(facts.name === undefined ? {} : { name: facts.name }),
    // Some series never say their model: their name is what is known of it.
    model: facts.model ?? family.label,
    ...(facts.serial === undefined ? {} : { serial: facts.serial }),
    ...(facts.mac === undefined ? {} : { mac: facts.mac }),
    ...(facts.firmware === undefined ? {} : { firmware: facts.firmware }),
    parts: Array.from({ length: parts }, (_, index) => ({
      number: index + 1,
      kind: family.partKind,
      direction: family.direction,
    })),
  };
}
