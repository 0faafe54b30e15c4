import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { scrub, scrubText, safeMessage } from './scrub.ts';

export type { Logger };
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const asIs = (value: unknown): unknown => value;

const loggerOptions = (level: LogLevel): LoggerOptions => ({
  level,
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  serializers: { err: asIs },
  formatters: {
    level: (label) => ({ level: label }),
    log: (fields) => scrub(fields),
  },
  hooks: {
    // A message is a constant text; what varies is a field. So further arguments, which would be put into it, are left out.
    logMethod([first, second], method) {
      if (typeof first === 'string') return method.call(this, scrubText(first));
      const fields = (first instanceof Error ? { err: first } : first) as object;
      const error = 'err' in fields ? fields.err : undefined;
      const message = typeof second === 'string' ? scrubText(second) : error instanceof Error ? safeMessage(error) : undefined;
      return message === undefined ? method.call(this, fields) : method.call(this, fields, message);
    },
  },
});

/**
 * Makes a logger (JSON lines on stdout unless told otherwise) that cannot write personal data, tokens or request bodies: only
 * the fields of the registry are written, and of an error only what quotes no input. A message is a constant text.
 */
export const createLogger = (options: { readonly level: LogLevel; readonly destination?: DestinationStream }): Logger => {
  const logger = options.destination ? pino(loggerOptions(options.level), options.destination) : pino(loggerOptions(options.level));
  const { child } = logger;
  // pino lets no formatter see the fields of a child. Children inherit this, so theirs pass through it too.
  logger.child = function (this: Logger, fields: Readonly<Record<string, unknown>>, ...rest: [object?]) {
    return child.call(this, scrub(fields), ...rest);
  } as typeof child;
  return logger;
};
