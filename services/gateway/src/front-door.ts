import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createAdmission,
  createGrpcServer,
  createRestServer,
  intercepted,
  loadDescriptors,
  mergeDescriptorSets,
  openApiDocument,
  rateLimit,
  serveDocs,
  type OnError,
} from '@sanwang/rpc';
import type { FrontDoor, House } from '@sanwang/service';
import { observeAdmission } from '@sanwang/telemetry';
import { withAttachments } from './attachment-operations.ts';
import { addAttachmentRoutes } from './attachments.ts';
import { FIRST_STEPS } from './first-steps.ts';
import { measureHttp } from './http-metrics.ts';
import { watchClients } from './leaving.ts';
import { addPlainRoutes } from './plain-routes.ts';

const descriptorSet = fileURLToPath(import.meta.resolve('@sanwang/contracts/desc.binpb'));

/** Opens REST and gRPC before the house; resolves once both listen. */
export const openFrontDoor = async (house: House): Promise<FrontDoor> => {
  const { config, logger } = house;
  const descriptors = loadDescriptors(mergeDescriptorSets([readFileSync(descriptorSet), ...house.descriptors]));
  const limit = config.rateLimit > 0 ? rateLimit({ perSecond: config.rateLimit, burst: config.rateLimit * 2 }) : undefined;
  const endpoints = house.endpoints.map((endpoint) => (limit ? intercepted(endpoint, [limit]) : endpoint));
  const headers = (): Record<string, string> => {
    const now = house.simulatedNow();
    return now === undefined ? {} : { 'sanwang-simulation': now };
  };
  const onError: OnError = (error, { method, correlationId }) => {
    if (!(error instanceof Error) || !('code' in error) || error.code === 'internal')
      logger.error({ err: error, method, correlationId }, 'a call failed');
  };
  const admission = createAdmission();
  observeAdmission(house.metrics, admission);
  const common = { endpoints, descriptors, authenticate: house.verify, headers, onError, admission };
  const rest = createRestServer({ ...common, bodyLimit: config.bodyLimit });
  const document = openApiDocument(house.apis, descriptors, {
    title: 'Sanwang 三网',
    version: '1',
    description: 'The market-supervision platform of a city: patrol net, registration, directory, overview.',
  });
  const clients = watchClients(rest.server);
  measureHttp(rest, house.metrics);
  const { attachmentRoutes } = house;
  const whole = attachmentRoutes.length > 0 ? withAttachments(document, attachmentRoutes) : document;
  const operationIds = new Set(Object.values(whole.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId)));
  const isThere = FIRST_STEPS.every(({ operationId }) => operationId === undefined || operationIds.has(operationId));
  serveDocs(rest, isThere ? { ...whole, 'x-first-steps': FIRST_STEPS } : whole);
  addPlainRoutes(rest, house);
  if (attachmentRoutes.length > 0) addAttachmentRoutes(rest, house, { endpoints, took: (subject) => limit?.take(subject) });
  const grpc = createGrpcServer({ ...common, messageLimit: config.bodyLimit, tls: house.tls });

  const http = await rest.listen({ host: config.host, port: config.httpPort });
  const grpcPort = await grpc.listen(`${config.host}:${config.grpcPort}`);
  return {
    http,
    grpc: `${config.host}:${grpcPort}`,
    async drain() {
      grpc.setServing(false);
      await clients.leave();
      // A connection that still had an answer to come when the server closed would be kept open after it, for its client's next request.
      const sweep = setInterval(() => rest.server.closeIdleConnections(), 20);
      const limit = setTimeout(() => rest.server.closeAllConnections(), config.drainSeconds * 1_000);
      try {
        await Promise.all([rest.close(), grpc.close(config.drainSeconds * 1_000)]);
      } finally {
        clearInterval(sweep);
        clearTimeout(limit);
        admission.close();
      }
    },
  };
};
