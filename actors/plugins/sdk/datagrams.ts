import type { Socket as UdpSocket } from 'node:dgram';

/** Closes it, also when its user has done so already: a datagram socket says of itself that it is closed a tick later only. */
export function closeDatagrams(socket: UdpSocket): void {
  try {
    socket.close();
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw thrown;
  }
}
