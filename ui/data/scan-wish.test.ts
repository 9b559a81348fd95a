import { describe, expect, it } from 'vitest';
import { hostsOfCidr, scanWish } from './scan-wish.js';

const NOTHING = { hosts: '', multicast: false, server: false };

describe('what a scan is asked to look at', () => {
  it('tells ranges from hosts, whatever stands between them, and counts the addresses', () => {
    expect(
      scanWish(2, { ...NOTHING, hosts: '192.168.1.0/24, rx-1.local\n10.0.0.5', multicast: true }),
    ).toEqual({
      addresses: 258,
      wish: {
        instanceId: 2,
        cidrs: ['192.168.1.0/24'],
        hosts: ['rx-1.local', '10.0.0.5'],
        multicast: true,
      },
    });
  });

  it('names what is wrong', () => {
    expect(scanWish(1, NOTHING)).toMatchObject({ field: 'form' });
    expect(scanWish(1, { ...NOTHING, hosts: '300.1.1.0/24' })).toMatchObject({
      field: 'hosts',
      fault: expect.stringContaining('300.1.1.0/24'),
    });
    expect(scanWish(1, { ...NOTHING, hosts: '10.0.0.0/8' })).toMatchObject({
      fault: expect.stringContaining('at most'),
    });
    expect(scanWish(1, { ...NOTHING, hosts: 'what?' })).toMatchObject({ field: 'hosts' });
  });

  it('knows the size of a range', () => {
    expect(hostsOfCidr('10.0.0.0/30')).toBe(4);
    expect(hostsOfCidr('10.0.0.0/33')).toBeUndefined();
    expect(hostsOfCidr('nothing')).toBeUndefined();
  });
});
