import uws, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';

// The one place that names the package: an installation may point the alias at another build of it.
export type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';

/** Makes a server without TLS (TLS ends at the proxy in front). */
export const createApp = uws.App;
/** Stops accepting; open connections stay. */
export const closeListenSocket = uws.us_listen_socket_close;
/** The real port of a listen socket, for `port: 0`. */
export const localPort = uws.us_socket_local_port;
/** Compression setting of a WebSocket endpoint: none, no memory per socket. */
export const NO_COMPRESSION = uws.DISABLED;

/** Of the package's `ListenOptions`: without it a second server shares the port in silence. */
const EXCLUSIVE_PORT = 1;

/** The package takes the option together with a host, its types do not say so. */
type ListenExclusive = (
  host: string,
  port: number,
  options: number,
  done: (socket: us_listen_socket | false) => void,
) => void;

/** Listens alone on the port. False: it is taken. */
export function listenExclusive(
  app: TemplatedApp,
  host: string,
  port: number,
): Promise<us_listen_socket | false> {
  return new Promise((resolve) => {
    (app as unknown as { readonly listen: ListenExclusive }).listen(
      host,
      port,
      EXCLUSIVE_PORT,
      resolve,
    );
  });
}
