import { status, type Metadata, type Server, type StatusObject } from '@grpc/grpc-js';
import { GossipService, type IGossipServer } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_grpc_pb.js';
import gossip from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_pb.js';
import {
  ServerFeaturesService,
  type IServerFeaturesServer,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import features from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import { StreamsService, type IStreamsServer } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { failure } from './answers.ts';
import { createAppending } from './appending.ts';
import type { FaultState } from './faults.ts';
import type { DoubleLog } from './log.ts';
import { createReading } from './reading.ts';
import { startWriting } from './writing.ts';

const METHODS = ['Read', 'Append', 'BatchAppend', 'Delete', 'Tombstone'];

/** Puts the services that the client uses onto a gRPC server. */
export const addServices = (
  server: Server,
  log: DoubleLog,
  faults: FaultState,
  user: { readonly name: string; readonly password: string } | undefined,
): void => {
  const writing = startWriting(log, faults.isFull);
  const read = createReading(log, writing);
  const { append, batchAppend, remove } = createAppending(writing, faults);
  const wanted = user && `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;

  /** Why a call is not carried out, by its headers. */
  const refusal = (metadata: Metadata): StatusObject | undefined => {
    if (wanted !== undefined && metadata.get('authorization')[0] !== wanted) return failure(status.UNAUTHENTICATED, 'Unauthenticated');
    const leader = faults.leader();
    if (!leader || metadata.get('requires-leader')[0] !== 'true') return undefined;
    return failure(status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': leader.host,
      'leader-endpoint-port': String(leader.port),
    });
  };

  const ofStreams: IStreamsServer = {
    read(call) {
      call.on('error', () => undefined);
      const refused = refusal(call.metadata);
      if (refused) call.emit('error', refused);
      else void faults.delay().then(() => read(call));
    },
    append(call, answer) {
      call.on('error', () => undefined);
      const refused = refusal(call.metadata);
      if (refused) return answer(refused);
      append(call, answer).catch((error: unknown) => answer(failure(status.UNKNOWN, String(error))));
    },
    batchAppend(call) {
      const refused = refusal(call.metadata);
      if (refused) call.emit('error', refused);
      else batchAppend(call);
    },
    delete(call, answer) {
      const refused = refusal(call.metadata);
      if (refused) return answer(refused);
      void remove(call, false).then((done) => {
        if (typeof done !== 'number') return answer(done);
        const place = String(done);
        answer(
          null,
          new streams.DeleteResp().setPosition(new streams.DeleteResp.Position().setCommitPosition(place).setPreparePosition(place)),
        );
      });
    },
    tombstone(call, answer) {
      const refused = refusal(call.metadata);
      if (refused) return answer(refused);
      void remove(call, true).then((done) => {
        if (typeof done !== 'number') return answer(done);
        const place = String(done);
        answer(
          null,
          new streams.TombstoneResp().setPosition(new streams.TombstoneResp.Position().setCommitPosition(place).setPreparePosition(place)),
        );
      });
    },
  };

  const ofFeatures: IServerFeaturesServer = {
    getSupportedMethods(_call, answer) {
      const methods = METHODS.map((name) =>
        new features.SupportedMethod().setServiceName('event_store.client.streams.streams').setMethodName(name.toLowerCase()),
      );
      answer(null, new features.SupportedMethods().setEventStoreServerVersion('0.0.0-double').setMethodsList(methods));
    },
  };

  const ofGossip: IGossipServer = {
    read(call, answer) {
      const [address, port] = call.getHost().split(':') as [string, string?];
      const leader = faults.leader() ?? { host: address, port: Number(port ?? 2113) };
      const member = new gossip.MemberInfo()
        .setInstanceId(new shared.UUID().setString(crypto.randomUUID()))
        .setTimeStamp(String(Date.now() * 10_000))
        .setState(gossip.MemberInfo.VNodeState.LEADER)
        .setIsAlive(true)
        .setHttpEndPoint(new gossip.EndPoint().setAddress(leader.host).setPort(leader.port));
      answer(null, new gossip.ClusterInfo().setMembersList([member]));
    },
  };

  server.addService(StreamsService, ofStreams);
  server.addService(ServerFeaturesService, ofFeatures);
  server.addService(GossipService, ofGossip);
};
