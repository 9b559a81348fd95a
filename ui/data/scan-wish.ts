import type { ScanWish } from './hardware.js';

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;
const MOST_HOSTS = 65_536;

/** Addresses of an IPv4 range in CIDR form; undefined for what is none. */
export function hostsOfCidr(text: string): number | undefined {
  const found = CIDR.exec(text);
  if (found === null) return undefined;
  const [a, b, c, d, bits] = found.slice(1).map(Number);
  if ([a, b, c, d].some((part) => (part ?? 256) > 255) || (bits ?? 33) > 32) return undefined;
  return 2 ** (32 - (bits ?? 32));
}

export interface ScanForm {
  /** One a line, also with commas: `192.168.1.0/24`, `receiver-1.local`. */
  readonly hosts: string;
  readonly multicast: boolean;
  readonly server: boolean;
}

/** What a form asks for, with how many addresses that is; or what is wrong with it. */
export function scanWish(
  instanceId: number,
  form: ScanForm,
):
  | { readonly wish: ScanWish; readonly addresses: number }
  | { readonly field: 'hosts' | 'form'; readonly fault: string } {
  const parts = form.hosts.split(/[\s,;]+/).filter((part) => part !== '');
  const cidrs: string[] = [];
  const hosts: string[] = [];
  let addresses = 0;
  for (const part of parts) {
    if (!part.includes('/')) {
      if (!/^[\w.:-]{1,253}$/.test(part)) {
        return { field: 'hosts', fault: `“${part}” is neither an address nor a name.` };
      }
      hosts.push(part);
      addresses += 1;
      continue;
    }
    const size = part.includes(':') ? 0 : hostsOfCidr(part);
    if (size === undefined) {
      return { field: 'hosts', fault: `“${part}” is no range: type one such as 192.168.1.0/24.` };
    }
    cidrs.push(part);
    addresses += size;
  }
  if (addresses > MOST_HOSTS) {
    return {
      field: 'hosts',
      fault: `That is ${addresses} addresses; at most ${MOST_HOSTS} (a /16) at a time.`,
    };
  }
  if (parts.length === 0 && !form.multicast && !form.server) {
    return { field: 'form', fault: 'Choose where to look.' };
  }
  return {
    addresses,
    wish: {
      instanceId,
      ...(cidrs.length > 0 ? { cidrs } : {}),
      ...(hosts.length > 0 ? { hosts } : {}),
      ...(form.multicast ? { multicast: true } : {}),
      ...(form.server ? { server: true } : {}),
    },
  };
}
