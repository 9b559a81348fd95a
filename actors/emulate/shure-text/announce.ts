import { createSocket } from 'node:dgram';
import type { Model } from './words.js';

const GROUP = '239.255.254.253';
const PORT = 8_427;

const FAMILY: Readonly<Record<string, string>> = {
  qlxd: 'QLXD',
  ulxd: 'ULXD',
  axtd: 'AXTD',
  slxd: 'SLXD',
  p10t: 'PSM1000',
  uhfr: 'UHFR',
  charger: 'SBC',
};

/** An attribute reply of service location protocol 2 (RFC 2608, section 10.4), as these devices multicast it. */
export function announcement(model: Model): Buffer {
  const number = model.dcid === '' ? '' : `,(csl-esta.dmp=esta.dmp:2/cd:${model.dcid})`;
  const attributes = Buffer.from(
    `(acn-fctn=${FAMILY[model.series] ?? ''}),(acn-uacn=${model.model})${number}`,
  );
  const language = Buffer.from('en');
  const header = Buffer.alloc(14);
  const body = Buffer.alloc(4);
  const length = header.length + language.length + body.length + attributes.length + 1;
  header.writeUInt8(2, 0);
  header.writeUInt8(7, 1);
  header.writeUIntBE(length, 2, 3);
  header.writeUInt16BE(language.length, 12);
  body.writeUInt16BE(attributes.length, 2);
  return Buffer.concat([header, language, body, attributes, Buffer.from([0])]);
}

/** Says once that the device is there, from its own address. */
export async function announce(model: Model, host: string, to: string | undefined): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, host, resolve);
  });
  try {
    if (to === undefined) socket.setMulticastInterface(host);
    await new Promise<void>((resolve, reject) => {
      socket.send(announcement(model), PORT, to ?? GROUP, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  } finally {
    socket.close();
  }
}
