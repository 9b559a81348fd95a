import type { MountTable } from './mount.js';

interface IceSource {
  readonly audio_info: string;
  readonly bitrate: number;
  readonly genre: string;
  readonly listener_peak: number;
  readonly listeners: number;
  readonly listenurl: string;
  readonly server_description: string;
  readonly server_name: string;
  readonly server_type: string;
  readonly stream_start: string;
  readonly stream_start_iso8601: string;
  readonly title?: string;
}

export interface IceStatus {
  readonly icestats: {
    readonly admin: string;
    readonly host: string;
    /** Of all mounts, also of those that are not listed. */
    readonly listeners: number;
    readonly location: string;
    readonly server_id: string;
    readonly server_start: string;
    readonly server_start_iso8601: string;
    /** All of them, also those that are not listed. */
    readonly sources: number;
    /** As Icecast 2.4 answers: absent without mounts, an object for one, a list for more. */
    readonly source?: IceSource | readonly IceSource[];
  };
}

/**
 * `/status-json.xsl` in the shape of Icecast 2.4. Like Icecast with hidden mounts, it lists those that are for everybody;
 * one person's stream is counted alone. `origin` is how the client reached us: `http://host:8000`. */
export function iceStatus(table: MountTable, origin: string, startedUnixMs: number): IceStatus {
  const sources: IceSource[] = [];
  for (const mount of table.all()) {
    const { options } = mount;
    if (options.hidden === true || options.personal === true) continue;
    const started = new Date(options.startedUnixMs);
    sources.push({
      audio_info: `bitrate=${options.bitrateKbps}`,
      bitrate: options.bitrateKbps,
      genre: 'various',
      listener_peak: mount.peak,
      listeners: mount.listeners,
      listenurl: `${origin}${options.path}`,
      server_description: options.name,
      server_name: options.name,
      server_type: options.contentType,
      stream_start: started.toUTCString(),
      stream_start_iso8601: started.toISOString(),
      ...(mount.title === '' ? {} : { title: mount.title }),
    });
  }
  const [first, second] = sources;
  const started = new Date(startedUnixMs);
  return {
    icestats: {
      admin: '',
      host: new URL(origin).hostname,
      listeners: table.listeners,
      location: '',
      server_id: 'Earshot',
      server_start: started.toUTCString(),
      server_start_iso8601: started.toISOString(),
      sources: [...table.all()].length,
      ...(first === undefined ? {} : { source: second === undefined ? first : sources }),
    },
  };
}
