import { context, trace } from '@opentelemetry/api';

/** Running traces; `shutdown` sends what has not been sent, within its time-out. */
export interface Tracing {
  shutdown(): Promise<void>;
}

/** A share of traces from 0 to 1, as `OTEL_TRACES_SAMPLER_ARG` says; all when it says nothing. */
const ratioFrom = (text: string | undefined): number => {
  if (text === undefined || text === '') return 1;
  const ratio = Number(text);
  if (!(ratio >= 0 && ratio <= 1)) throw new Error('OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1');
  return ratio;
};

const endpointFrom = (env: Readonly<Record<string, string | undefined>>): string | undefined => {
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || (base && `${base.replace(/\/$/, '')}/v1/traces`) || undefined;
};

/**
 * Loads the OpenTelemetry SDK and sends traces by OTLP over HTTP when `OTEL_EXPORTER_OTLP_ENDPOINT` (or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) is set; otherwise it loads nothing and answers `undefined`. `OTEL_SERVICE_NAME` and
 * `OTEL_TRACES_SAMPLER_ARG` (share of new traces) count too.
 */
export const startTracing = async (env: Readonly<Record<string, string | undefined>>): Promise<Tracing | undefined> => {
  const url = endpointFrom(env);
  if (url === undefined) return undefined;
  const ratio = ratioFrom(env['OTEL_TRACES_SAMPLER_ARG']);
  const [sdk, exporter, hooks, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new sdk.TracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': env['OTEL_SERVICE_NAME'] ?? 'sanwang' })),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new exporter.OTLPTraceExporter({ url }) })],
  });
  context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return { shutdown: () => provider.shutdown() };
};
