/** What the gateway writes about itself; a pino logger fits. */
export interface GatewayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const SILENT_LOG: GatewayLog = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
