import { createSocket } from 'node:dgram';
import makeMdns from 'multicast-dns';

/** A device that announces a service, asked directly: networks of test machines seldom pass multicast on. */
export async function announce(service: {
  readonly service: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly texts?: readonly string[];
  /** The port is told only when it is asked for. */
  readonly terse?: boolean;
}): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { service: type, name, address, texts = [], terse = false } = service;
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const { port } = socket.address();
  const mdns = makeMdns({ socket, bind: false, multicast: false, port });
  const whole = `${name}.${type}`;
  const pointer = { name: type, type: 'PTR' as const, data: whole };
  const details = [
    { name: whole, type: 'SRV' as const, data: { port: service.port, target: 'host.local' } },
    { name: whole, type: 'TXT' as const, data: texts.map((text) => Buffer.from(text)) },
    { name: 'host.local', type: 'A' as const, data: address },
  ];
  mdns.on('query', ({ questions }, info) => {
    for (const question of questions ?? []) {
      const to = { address: info.address, port: info.port, family: 'IPv4', size: 0 } as const;
      if (question.type === 'PTR' && question.name === type) {
        mdns.respond({ answers: [pointer], additionals: terse ? [] : details }, to);
      } else if (question.type === 'SRV' && question.name === whole) {
        mdns.respond({ answers: details }, to);
      }
    }
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        mdns.destroy(resolve);
      }),
  };
}
