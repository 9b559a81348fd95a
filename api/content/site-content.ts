import { join } from 'node:path';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import type { Log } from '../../engine/log.js';
import type { Config } from '../config.js';
import type { RawRoute } from '../http/dispatch.js';
import type { Route } from '../http/route.types.js';
import type { LiveTable } from '../live/table.types.js';
import { archiveRoutes } from './archive/routes.js';
import { checkRoutes } from './check-routes.js';
import { Checks } from './checks.js';
import { Ingest } from './ingest.js';
import { mediaFilesRoute, mediaRoutes } from './media-routes.js';
import { Notifier } from './notifier.js';
import { performerPictureRoutes } from './performer-pictures.js';
import { ElementFiles } from './roundware/element-files.js';
import { ResumableUploads } from './tus.js';
import { UploadLimits } from './upload-limits.js';
import { uploadRoutes } from './upload-routes.js';
import type { VisitOf } from './wishes.js';

export interface SiteContentOptions {
  readonly store: SiteStore;
  readonly mediaFolder: string;
  /** For files on their way; on the disk of the media folder. */
  readonly incomingFolder: string;
  readonly config: Pick<Config, 'ingest' | 'uploads' | 'mail' | 'webhooks' | 'imports'>;
  /** Live rows of files on their way. */
  readonly table: LiveTable;
  readonly visitOf: VisitOf;
  readonly clock: Clock;
  readonly log: Log;
}

/** Everything that comes into a site as files, and goes out as files. Owned by the composition root. */
export class SiteContent {
  readonly ingest: Ingest;
  /** Of addresses, over all ways to bring a file. */
  readonly uploadLimits: UploadLimits;
  readonly routes: readonly Route[];
  readonly raw: readonly RawRoute[];
  readonly #resumable: ResumableUploads;
  readonly #notifier: Notifier;

  private constructor(options: SiteContentOptions, ingest: Ingest, notifier: Notifier) {
    const { store, mediaFolder, config, clock, log } = options;
    const { uploads } = config;
    this.ingest = ingest;
    this.uploadLimits = new UploadLimits(uploads.filesPerHour, uploads.bytesPerHour);
    this.#notifier = notifier;
    this.#resumable = new ResumableUploads({
      uploads: store.uploads,
      ingest,
      clock,
      log,
      expireMs: uploads.expireMs,
      maxPerAddress: uploads.maxPerAddress,
      maxOpen: uploads.maxOpen,
    });
    this.routes = [
      ...uploadRoutes({
        ingest,
        resumable: this.#resumable,
        limits: this.uploadLimits,
        visitOf: options.visitOf,
      }),
      ...mediaRoutes({ store, mediaFolder, ingest }),
      ...performerPictureRoutes({ store, mediaFolder, ingest, sideJobs: ingest.sideJobs, clock }),
      ...checkRoutes(new Checks({ store, ingest, mediaFolder, clock })),
      ...archiveRoutes({
        store,
        ingest,
        mediaFolder,
        clock,
        maxArchiveBytes: uploads.maxArchiveBytes,
        allowPrivateImports: config.imports.allowPrivate,
      }),
    ];
    this.raw = [
      mediaFilesRoute(mediaFolder, ingest.sideJobs, new ElementFiles(store.content, mediaFolder)),
    ];
  }

  static async start(options: SiteContentOptions): Promise<SiteContent> {
    const { maxBytes, concurrency, maxWaiting, minFreeBytes, ...limits } = options.config.ingest;
    const ingest = await Ingest.start({
      store: options.store,
      mediaFolder: options.mediaFolder,
      incomingFolder: options.incomingFolder,
      table: options.table,
      clock: options.clock,
      log: options.log,
      maxBytes,
      concurrency,
      maxWaiting,
      minFreeBytes,
      limits,
    });
    const { mail, webhooks } = options.config;
    const notifier = await Notifier.start({
      store: options.store,
      clock: options.clock,
      log: options.log,
      smtpUrl: mail.smtpUrl,
      from: mail.from,
      siteUrl: mail.siteUrl,
      allowPrivate: webhooks.allowPrivate,
      quietMs: mail.quietMs,
    });
    return new SiteContent(options, ingest, notifier);
  }

  async stop(): Promise<void> {
    this.#resumable.stop();
    await this.#notifier.stop();
    await this.ingest.stop();
  }
}

/** Beside the media folder, hence on its disk. */
export const incomingFolderOf = (data: string): string => join(data, 'incoming');
